use std::num::NonZeroUsize;
use std::time::Duration;

use super::*;
use crate::admission::Refusal;
use crate::profile::Quantile;
use crate::queueing::{Mmc, Mmck, pollaczek_khinchine};

const EVEN: Usl = Usl { lambda: 1.0, sigma: 0.0, kappa: 0.0 };
const MEAN: f64 = 0.1;

/// Exponential times, by quantiles that are close where it matters.
fn exponential(mean: f64) -> Distribution {
    let share = |index: u32| 1.0 - 0.995_f64.powi(index as i32);
    let last = 3000;
    let quantile = |index: u32| Quantile { share: share(index), seconds: -mean * (1.0 - share(index)).ln() };
    let mut quantiles: Vec<Quantile> = (0..last).map(quantile).collect();
    quantiles.push(Quantile { share: 1.0, seconds: -mean * (1.0 - share(last)).ln() });
    Distribution { n: 1, mean, variance: mean * mean, quantiles }
}

/// Misses alone, on as many servers as there are threads: processors for all of them, and no gain from joining.
fn servers(threads: usize, queue_capacity: usize, service: Distribution) -> Scenario {
    Scenario {
        rate: 1.0,
        arrivals: Arrivals::Poisson,
        hit_ratio: 0.0,
        request_cpu: 1e-9,
        request_delay: Vec::new(),
        pictures: vec![PictureClass { weight: 1.0, pixels: 500_000, single: service, joined: Vec::new() }],
        processors: Processors { cores: 1000.0, niceness: 0, contention: EVEN },
        runtime_threads: 1000,
        policy: Policy {
            threads: NonZeroUsize::new(threads).unwrap(),
            queue_capacity,
            pixel_budget: u64::MAX,
            deadline: Duration::from_secs(1_000_000),
        },
        within_picture: Usl { sigma: 1.0, ..EVEN },
        span: Span::Requests(400_000),
        seed: 1,
    }
}

fn close(simulated: f64, exact: f64, relative: f64) {
    assert!((simulated / exact - 1.0).abs() < relative, "{simulated} is not {exact}");
}

#[test]
fn random_service_waits_and_is_refused_as_in_mmck() {
    for (threads, queue_capacity, load) in [(1, 4, 0.8), (2, 6, 1.7), (4, 8, 3.6), (2, 3, 3.0)] {
        let rate = load / MEAN;
        let outcome = Scenario { rate, ..servers(threads, queue_capacity, exponential(MEAN)) }.run();
        let mmc = Mmc { servers: threads as u32, rate, mean: MEAN };
        let exact = Mmck { mmc, places: (threads + queue_capacity) as u32 };
        close(outcome.misses.mean(), exact.mean_wait() + MEAN, 0.02);
        close(outcome.refused_share(), exact.refused(), 0.05);
        close(outcome.mean_queued() + outcome.mean_computing(), exact.mean_present(), 0.02);
        assert!(outcome.most_queued <= queue_capacity);
        assert_eq!(outcome.refused.keys().collect::<Vec<_>>(), [&Refusal::QueueFull]);
    }
}

#[test]
fn constant_service_waits_as_in_md1() {
    for load in [0.5, 0.85] {
        let rate = load / MEAN;
        let outcome = Scenario { rate, ..servers(1, 1_000_000, Distribution::constant(MEAN)) }.run();
        close(outcome.misses.mean(), MEAN + pollaczek_khinchine(rate, MEAN, 0.0), 0.03);
        close(outcome.mean_computing(), load, 0.01);
        assert_eq!(outcome.refused_share(), 0.0);
    }
}

#[test]
fn waits_have_the_quantiles_of_mmc() {
    let mmc = Mmc { servers: 2, rate: 16.0, mean: MEAN };
    let service = exponential(MEAN);
    let outcome = Scenario { rate: mmc.rate, ..servers(2, 1_000_000, service) }.run();
    close(outcome.misses.mean(), MEAN + mmc.mean_wait(), 0.03);
    // Of the sum of wait and service, by convolution: P(T > t) of M/M/c.
    let delta = 2.0 / MEAN - mmc.rate;
    let waiting = crate::queueing::erlang_c(2, 1.6);
    let beyond = |t: f64| {
        let mu = 1.0 / MEAN;
        (1.0 - waiting) * (-mu * t).exp()
            + waiting * (delta * (-mu * t).exp() - mu * (-delta * t).exp()) / (delta - mu)
    };
    close(beyond(outcome.misses.quantile(0.99)), 0.01, 0.12);
    close(beyond(outcome.misses.quantile(0.5)), 0.5, 0.02);
}

/// Hits alone on one processor that is shared evenly: the mean time is mean / (1 - ρ) whatever the distribution.
#[test]
fn hits_share_the_processors() {
    let scenario = servers(1, 0, Distribution::constant(MEAN));
    let processors = Processors { cores: 1.0, niceness: 0, contention: EVEN };
    let hits = Scenario {
        rate: 70.0,
        hit_ratio: 1.0,
        request_cpu: 0.01,
        processors,
        runtime_threads: 100_000,
        ..scenario
    };
    let outcome = hits.run();
    close(outcome.hits.mean(), 0.01 / 0.3, 0.03);
    close(outcome.busy_processors(), 0.7, 0.01);
    // With a thread alone they wait for their turn: M/D/1 again.
    let outcome = Scenario { runtime_threads: 1, ..hits }.run();
    close(outcome.hits.mean(), 0.01 + pollaczek_khinchine(70.0, 0.01, 0.0), 0.03);
}

/// Two processors as the service has them.
fn service(rate: f64, hit_ratio: f64) -> Scenario {
    Scenario {
        rate,
        hit_ratio,
        request_cpu: 1e-4,
        processors: Processors { cores: 2.0, niceness: 5, contention: EVEN },
        runtime_threads: 2,
        within_picture: EVEN,
        span: Span::Requests(60_000),
        ..servers(2, 64, Distribution::constant(0.05))
    }
}

#[test]
fn an_idle_machine_joins_in_one_image() {
    let outcome = service(1.0, 0.0).run();
    close(outcome.misses.quantile(0.5), 0.025 + 1e-4, 0.01);
    assert!(outcome.mean_queued() < 0.01);
}

#[test]
fn overload_computes_as_much_as_it_can_and_refuses_the_rest() {
    let outcome = service(400.0, 0.0).run();
    // Of two processors requests take 4 %, the rest computes.
    close(outcome.throughput(), (2.0 - 400.0 * 1e-4) / 0.05, 0.02);
    close(outcome.refused_share(), 1.0 - outcome.throughput() / 400.0, 0.02);
    close(outcome.busy_processors(), 2.0, 0.01);
    assert_eq!(outcome.most_queued, 64);
    assert_eq!(outcome.most_pixels, 66 * 500_000);
}

#[test]
fn pixels_and_deadlines_refuse_too() {
    let mut scenario = service(400.0, 0.0);
    scenario.policy.pixel_budget = 10_000_000;
    let outcome = scenario.run();
    assert!(outcome.refused[&Refusal::PixelBudget] > 0 && outcome.most_pixels <= 10_000_000);
    scenario.policy.deadline = Duration::from_millis(200);
    let outcome = scenario.run();
    assert!(outcome.refused[&Refusal::Deadline] > 0);
    assert!(outcome.misses.quantile(1.0) < 0.2 + 0.05, "{}", outcome.misses.quantile(1.0));
}

#[test]
fn hits_go_before_misses() {
    let outcome = service(200.0, 0.5).run();
    close(outcome.refused_share(), 0.5 - (2.0 - 200.0 * 1e-4) / 0.05 / 200.0, 0.05);
    assert!(outcome.hits.quantile(0.99) < 1e-3, "{}", outcome.hits.quantile(0.99));
    assert!(outcome.misses.quantile(0.5) > 1.0, "{}", outcome.misses.quantile(0.5));
}

#[test]
fn the_seed_decides_all() {
    let scenario = service(30.0, 0.5);
    assert_eq!(scenario.run(), scenario.run());
    assert_ne!(scenario.run(), Scenario { seed: 2, ..scenario }.run());
}

#[test]
fn waits_grow_with_the_rate() {
    for (seed, hit_ratio) in [(1, 0.0), (2, 0.0), (1, 0.5), (2, 0.5), (1, 0.9), (2, 0.9)] {
        let capacity = 2.0 / (0.05 * (1.0 - hit_ratio) + 1e-4);
        let p99 = |step: u32| {
            let rate = capacity * (0.8 + 0.01 * f64::from(step));
            Scenario { seed, ..service(rate, hit_ratio) }.run().answered().quantile(0.99)
        };
        let p99: Vec<f64> = (0..20).map(p99).collect();
        // Whether an image is computed by one thread or two depends on what waits just then.
        let grows = p99.windows(2).all(|pair| pair[1] > 0.98 * pair[0]);
        assert!(grows && p99[19] > 4.0 * p99[0], "seed {seed}, {hit_ratio} hits: {p99:?}");
    }
}

#[test]
fn the_greatest_rate_keeps_to_its_bound() {
    let scenario = |rate| Scenario { span: Span::Requests(20_000), ..service(rate, 0.0) };
    let bound = Bound { p99: 0.3, refused: 0.0 };
    let rate = greatest_rate(scenario, &bound, 60.0);
    assert!((20.0..40.0).contains(&rate), "{rate}");
    // It is found to a thousandth of the ceiling.
    assert!(bound.holds(&scenario(rate).run()));
    assert!(!bound.holds(&scenario(rate + 0.06).run()));
    assert_eq!(greatest_rate(scenario, &Bound { p99: 0.01, refused: 0.0 }, 60.0), 0.0);
    // However near the bound is to what an idle instance keeps.
    for p99 in [0.0252, 0.026, 0.05, 0.5, 5.0] {
        let runs = std::cell::Cell::new(0);
        let counted = |rate| {
            runs.set(runs.get() + 1);
            scenario(rate)
        };
        greatest_rate(counted, &Bound { p99, refused: 0.0 }, 240.0);
        assert!((3..=16).contains(&runs.get()), "{} runs for {p99}", runs.get());
    }
    let refused = Bound { p99: f64::MAX, refused: 0.1 };
    let rate = greatest_rate(scenario, &refused, 60.0);
    assert!(refused.holds(&scenario(rate).run()));
    assert!(!refused.holds(&scenario(rate + 0.06).run()));
}

/// Lindley's recursion: each waits for what its predecessor waited and took, less the time between them.
#[test]
fn known_requests_wait_as_by_lindleys_recursion() {
    let at = [0.0, 0.5, 0.6, 0.7, 3.0, 3.1, 9.0, 9.05];
    let known = at.iter().map(|at| Known { at: *at, picture: Some(0) }).collect();
    let scenario = Scenario {
        rate: 4.0,
        arrivals: Arrivals::Known(known),
        span: Span::Seconds { warm_up: 0.13, measured: 2.2 },
        ..servers(1, 100, Distribution::constant(MEAN))
    };
    let outcome = scenario.run();
    let arrivals: Vec<f64> = at.iter().map(|at| at / 4.0).collect();
    let mut wait = 0.0_f64;
    let mut latencies = vec![MEAN];
    for pair in arrivals.windows(2) {
        wait = (wait + MEAN - (pair[1] - pair[0])).max(0.0);
        latencies.push(wait + MEAN);
    }
    // Two came before those that count, and those after the end are none of them.
    let mut expected = latencies[2..].to_vec();
    expected.sort_by(f64::total_cmp);
    assert_eq!(outcome.misses.count(), 6);
    for (index, expected) in expected.iter().enumerate() {
        close(outcome.misses.quantile((index + 1) as f64 / 6.0), *expected, 1e-6);
    }
}

#[test]
fn after_the_known_requests_others_come_at_random() {
    let arrivals = Arrivals::Known([Known { at: 0.0, picture: None }].into());
    let span = Span::Seconds { warm_up: 10.0, measured: 2_000.0 };
    let outcome = Scenario { arrivals, span, ..service(20.0, 0.5) }.run();
    close(outcome.throughput(), 20.0, 0.02);
    close(outcome.hits.count() as f64, outcome.misses.count() as f64, 0.03);
}

/// Arrivals at random see the share of time in which a thread computes (PASTA): as many of them have the longer delay.
#[test]
fn hits_have_the_delay_of_those_who_compute_meanwhile() {
    let delays = vec![Distribution::constant(1e-3), Distribution::constant(5e-3)];
    let scenario = Scenario {
        rate: 12.0,
        hit_ratio: 0.5,
        request_delay: delays,
        ..servers(1, 100, Distribution::constant(MEAN))
    };
    let outcome = scenario.run();
    close(outcome.mean_computing(), 0.6, 0.01);
    close(outcome.hits.mean(), 0.4 * 1e-3 + 0.6 * 5e-3, 0.01);
    close(outcome.hits.quantile(0.39), 1e-3, 1e-3);
    close(outcome.hits.quantile(0.41), 5e-3, 1e-3);
}
