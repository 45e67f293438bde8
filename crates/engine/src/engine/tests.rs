use cache::MemoryConfig;

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
