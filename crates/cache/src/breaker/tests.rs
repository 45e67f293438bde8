use super::Reporter::{Operation, Probe};
use super::*;

const MS: Duration = Duration::from_millis(1);

fn breaker() -> (Breaker, Instant) {
    let now = Instant::now();
    (Breaker::new(BreakerConfig::default(), now), now)
}

fn fail(breaker: &mut Breaker, times: u32, now: Instant) {
    (0..times).for_each(|_| breaker.failed(Operation, now, 1.0));
}

#[test]
fn failures_in_a_row_open_it() {
    let (mut breaker, now) = breaker();
    fail(&mut breaker, 4, now);
    breaker.succeeded(Operation, now);
    fail(&mut breaker, 4, now);
    assert_eq!(breaker.state(), BreakerState::Closed);
    assert_eq!(breaker.probe_at(), None);
    fail(&mut breaker, 1, now);
    assert_eq!(breaker.state(), BreakerState::Open);
    assert_eq!(breaker.probe_at(), Some(now + 100 * MS));
}

#[test]
fn the_share_of_failures_opens_it_once_there_are_enough_operations() {
    let (mut breaker, now) = breaker();
    for _ in 0..9 {
        breaker.succeeded(Operation, now);
        breaker.failed(Operation, now, 1.0);
    }
    assert_eq!(breaker.state(), BreakerState::Closed, "18 operations are too few");
    breaker.succeeded(Operation, now);
    breaker.failed(Operation, now, 1.0);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn one_lost_server_of_three_does_not_open_that_of_several() {
    let mut random = fastrand::Rng::with_seed(1);
    let (several, one) = (BreakerConfig::of_several_servers(), BreakerConfig::default());
    let now = Instant::now();
    let [mut of_several, mut of_one] = [several, one].map(|config| Breaker::new(config, now));
    for number in 0..100_000_u32 {
        let now = now + number * 2 * MS;
        let is_lost = random.u8(..3) == 0;
        for breaker in [&mut of_several, &mut of_one] {
            if is_lost { breaker.failed(Operation, now, 1.0) } else { breaker.succeeded(Operation, now) }
        }
        assert_eq!(of_several.state(), BreakerState::Closed, "after {number} operations");
    }
    assert_eq!(of_one.state(), BreakerState::Open, "five of them failed in a row");

    let later = now + Duration::from_secs(300);
    fail(&mut of_several, 99, later);
    assert_eq!(of_several.state(), BreakerState::Closed);
    fail(&mut of_several, 1, later);
    assert_eq!(of_several.state(), BreakerState::Open, "all of them are lost");
}

#[test]
fn a_share_below_the_limit_or_long_ago_does_not_open_it() {
    let (mut breaker, now) = breaker();
    for _ in 0..9 {
        breaker.succeeded(Operation, now);
        breaker.failed(Operation, now, 1.0);
    }
    let later = now + Duration::from_secs(11);
    (0..9).for_each(|_| breaker.succeeded(Operation, later));
    fail(&mut breaker, 4, later);
    assert_eq!(breaker.state(), BreakerState::Closed, "4 of 13");
}

#[test]
fn a_probe_decides_whether_it_closes() {
    let (mut breaker, now) = breaker();
    fail(&mut breaker, 5, now);
    breaker.succeeded(Operation, now);
    assert_eq!(breaker.state(), BreakerState::Open, "an answer that comes late tells of the past");
    breaker.probing();
    breaker.succeeded(Operation, now);
    breaker.failed(Operation, now, 1.0);
    assert_eq!(breaker.state(), BreakerState::HalfOpen, "and while it is probed, too, as does a failure");
    breaker.succeeded(Probe, now + 100 * MS);
    assert_eq!(breaker.state(), BreakerState::Closed);
    breaker.probing();
    assert_eq!(breaker.state(), BreakerState::Closed);
    breaker.failed(Probe, now + 100 * MS, 1.0);
    assert_eq!(breaker.state(), BreakerState::Open, "one that is to tell need not be told twice");
}

#[test]
fn probes_that_fail_back_off_to_a_bound() {
    let (mut breaker, now) = breaker();
    fail(&mut breaker, 5, now);
    let mut waits = Vec::new();
    for _ in 0..7 {
        waits.push((breaker.probe_at().unwrap() - now).as_millis());
        breaker.probing();
        breaker.failed(Probe, now, 1.0);
    }
    assert_eq!(waits, [100, 200, 400, 800, 1600, 2000, 2000]);
    breaker.probing();
    breaker.failed(Probe, now, 0.0);
    assert_eq!(breaker.probe_at(), Some(now + 1500 * MS), "jitter takes up to a quarter");
}

#[test]
fn one_that_opens_again_soon_goes_on_backing_off() {
    let (mut breaker, now) = breaker();
    fail(&mut breaker, 5, now);
    breaker.probing();
    breaker.succeeded(Probe, now);
    fail(&mut breaker, 5, now);
    assert_eq!(breaker.probe_at(), Some(now + 200 * MS));
    breaker.probing();
    breaker.succeeded(Probe, now);
    let later = now + Duration::from_secs(10);
    breaker.succeeded(Operation, later);
    fail(&mut breaker, 5, later);
    assert_eq!(breaker.probe_at(), Some(later + 100 * MS), "it was closed for a whole window");
}

#[test]
fn the_worst_of_several_counts() {
    use BreakerState::{Closed, HalfOpen, Open};
    assert_eq!(Closed.worse(HalfOpen), HalfOpen);
    assert_eq!(Open.worse(HalfOpen), Open);
    assert_eq!(Closed.worse(Closed), Closed);
}
