use std::num::NonZeroUsize;

use cache::MemoryConfig;
use extract::ParamsBuilder;

use super::*;

/// A leader that finds the answer in the cache must not leave those waiting who joined it meanwhile.
#[tokio::test]
async fn who_joins_a_leader_that_has_nothing_to_compute_is_answered() {
    let tiers = Tiers::memory(MemoryConfig::default());
    let engine = Engine::start(Config::default(), tiers, &mut Registry::default()).unwrap();
    let picture = b"P2 8 8 255 ".iter().copied().chain(b"7 ".repeat(64)).collect::<Vec<u8>>();
    let (image, params) = (engine.image(picture.into()).await, Params::default());
    let computed = engine.features(&image, &params, Wanted::Whole).await.unwrap();

    let key = key(image.sha256(), &params);
    let (leader, _) = engine.flights.join(key);
    let (mut follower, role) = engine.flights.join(key);
    assert_eq!(role, Role::Follower);
    let flight = Arc::clone(&leader.flight);
    let found = engine.lead(Job { key, image, params, pixels: 64, flight }).unwrap();
    assert!(matches!(found.source, Source::Hit { .. }));
    drop(leader);
    let outcome = time::timeout(Duration::from_secs(60), follower.outcome()).await.expect("it was forgotten");
    assert_eq!(outcome.unwrap().stored, computed.stored);
    assert_eq!(engine.flights.join(key).1, Role::Leader, "the flight is over");
}

/// Whoever still waits is told, and no thread goes on with what it had or what was next.
#[tokio::test]
async fn an_engine_that_is_dropped_stops_what_runs_and_what_waits() {
    let config =
        Config { threads: NonZeroUsize::MIN, deadline: Duration::from_secs(600), ..Config::default() };
    let mut registry = Registry::default();
    let engine = Engine::start(config, Tiers::none(), &mut registry).unwrap();
    // Minutes of work each.
    let mut params = ParamsBuilder::default();
    params.set("search_window", "99").unwrap();
    let params = params.build().unwrap();
    let (side, mut tickets) = (3000_usize, Vec::new());
    for shade in [1, 2] {
        let mut picture = format!("P5 {side} {side} 255 ").into_bytes();
        picture.resize(picture.len() + side * side, shade);
        let image = engine.image(picture.into()).await;
        let key = key(image.sha256(), &params);
        // A ticket as a request has it, but that does not borrow the engine.
        let (ticket, _) = engine.flights.join(key);
        let flight = Arc::clone(&ticket.flight);
        engine.lead(Job { key, image, params, pixels: (side * side) as u64, flight });
        tickets.push(ticket);
    }
    while engine.load().busy_threads == 0 {
        task::yield_now().await;
    }
    let compute = Arc::clone(&engine.compute);
    drop((engine, registry));
    for mut ticket in tickets {
        let told = time::timeout(Duration::from_secs(60), ticket.outcome()).await.expect("it was forgotten");
        assert_eq!(told.unwrap_err(), Error::Closing);
    }
    // Each thread has it as long as it runs.
    while Arc::strong_count(&compute) > 1 {
        task::yield_now().await;
    }
    assert_eq!(compute.done().images, 0);
}
