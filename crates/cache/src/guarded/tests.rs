use std::sync::atomic::AtomicU32;

use super::*;

/// A store that does as it is told, and counts how often it is asked.
#[derive(Debug, Default)]
struct Told {
    behaviour: Mutex<Behaviour>,
    asked: AtomicU32,
}

#[derive(Debug, Default, Clone, Copy)]
enum Behaviour {
    #[default]
    Answers,
    AnswersEveryThird,
    Hangs,
    Breaks,
    Lies,
}

impl Told {
    async fn act(&self) -> Result<(), StoreError> {
        let asked = 1 + self.asked.fetch_add(1, Ordering::Relaxed);
        let behaviour = *locked(&self.behaviour);
        match behaviour {
            Behaviour::Answers => Ok(()),
            Behaviour::Hangs => std::future::pending().await,
            Behaviour::AnswersEveryThird if asked.is_multiple_of(3) => Ok(()),
            Behaviour::Breaks | Behaviour::AnswersEveryThird => {
                Err(StoreError::Io { at: "here".into(), source: std::io::Error::other("broken") })
            }
            Behaviour::Lies => Err(StoreError::Corrupt { reason: "as told".into() }),
        }
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Store for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    fn limits(&self) -> StoreLimits {
        StoreLimits { read_timeout: Duration::from_millis(20), ..StoreLimits::default() }
    }

    fn get(&self, _: Key, _: Extent) -> Answer<'_, Option<Cached>> {
        Box::pin(async { self.act().await.map(|()| None) })
    }

    fn set(&self, _: Key, _: Bytes) -> Answer<'_, ()> {
        Box::pin(self.act())
    }

    fn remove(&self, _: Key) -> Answer<'_, ()> {
        Box::pin(self.act())
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

const KEY: Key = Key { engine_version: 1, fingerprint: [1; 16], digest: [1; 32] };

struct Setup {
    guarded: Guarded,
    told: Arc<Told>,
    changes: Arc<Mutex<Vec<(BreakerState, bool)>>>,
}

impl Setup {
    /// After the first probe.
    async fn new(behaviour: Behaviour, config: GuardConfig) -> Self {
        let told = Arc::new(Told { behaviour: Mutex::new(behaviour), ..Default::default() });
        let changes = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&changes);
        let on_change: OnChange = Box::new(move |state, error| locked(&heard).push((state, error.is_some())));
        let guarded = Guarded::new(told.clone(), config, &Handle::current(), on_change);
        while told.asked() == 0 {
            tokio::task::yield_now().await;
        }
        Self { guarded, told, changes }
    }

    fn behave(&self, behaviour: Behaviour) {
        *locked(&self.told.behaviour) = behaviour;
    }

    async fn get(&self) -> Result<(), StoreError> {
        self.guarded.get(KEY, Extent::Whole).await.map(drop)
    }

    async fn until(&self, state: BreakerState) {
        let reached = async {
            while self.guarded.breaker() != Some(state) {
                tokio::task::yield_now().await;
            }
        };
        time::timeout(Duration::from_secs(10), reached).await.expect("it gets there");
    }
}

/// No probe comes unasked but the first.
fn quiet() -> GuardConfig {
    let hour = Duration::from_secs(3600);
    let breaker = BreakerConfig { shortest_backoff: hour, longest_backoff: hour, ..Default::default() };
    GuardConfig { breaker, heartbeat: hour, ..Default::default() }
}

#[tokio::test]
async fn an_open_breaker_asks_nothing_and_waits_for_nothing() {
    let setup = Setup::new(Behaviour::Answers, quiet()).await;
    setup.get().await.unwrap();
    setup.behave(Behaviour::Breaks);
    for _ in 0..5 {
        assert!(matches!(setup.get().await, Err(StoreError::Io { .. })));
    }
    let asked = setup.told.asked();
    setup.behave(Behaviour::Hangs);
    for _ in 0..1000 {
        assert!(matches!(setup.get().await, Err(StoreError::BreakerOpen)));
    }
    assert!(matches!(setup.guarded.set(KEY, Bytes::new()).await, Err(StoreError::BreakerOpen)));
    assert!(matches!(setup.guarded.remove(KEY).await, Err(StoreError::BreakerOpen)));
    setup.guarded.purge_expired().await.unwrap();
    assert_eq!(setup.told.asked(), asked);
    assert_eq!(*locked(&setup.changes), [(BreakerState::Open, true)]);
}

#[tokio::test]
async fn it_heals_by_probes_alone() {
    let setup = Setup::new(Behaviour::Breaks, GuardConfig::default()).await;
    setup.until(BreakerState::Open).await;
    setup.behave(Behaviour::Answers);
    setup.until(BreakerState::Closed).await;
    setup.get().await.unwrap();
    assert_eq!(*locked(&setup.changes), [(BreakerState::Open, true), (BreakerState::Closed, false)]);
}

#[tokio::test]
async fn nobody_needs_to_ask_for_it_to_be_known() {
    let config = GuardConfig { heartbeat: Duration::from_millis(1), ..quiet() };
    let setup = Setup::new(Behaviour::Answers, config).await;
    setup.get().await.unwrap();
    setup.behave(Behaviour::Hangs);
    setup.until(BreakerState::Open).await;
}

#[tokio::test]
async fn a_probe_of_several_keys_fails_if_all_of_them_do() {
    let probing = |probes| GuardConfig { heartbeat: Duration::from_millis(1), probes, ..quiet() };
    let setup = Setup::new(Behaviour::AnswersEveryThird, probing(3)).await;
    while setup.told.asked() < 30 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*locked(&setup.changes), [], "it never opened");
    setup.behave(Behaviour::Hangs);
    setup.until(BreakerState::Open).await;

    let setup = Setup::new(Behaviour::AnswersEveryThird, probing(2)).await;
    setup.until(BreakerState::Open).await;
}

#[tokio::test]
async fn one_that_hangs_costs_its_limit_and_opens_it() {
    let setup = Setup::new(Behaviour::Answers, quiet()).await;
    setup.get().await.unwrap();
    setup.behave(Behaviour::Hangs);
    for _ in 0..5 {
        assert!(matches!(setup.get().await, Err(StoreError::Timeout { limit }) if limit.as_millis() == 20));
    }
    assert!(matches!(setup.get().await, Err(StoreError::BreakerOpen)));
}

#[tokio::test]
async fn what_is_the_fault_of_a_value_leaves_it_closed() {
    let setup = Setup::new(Behaviour::Lies, quiet()).await;
    for _ in 0..100 {
        assert!(matches!(setup.get().await, Err(StoreError::Corrupt { .. })));
    }
    assert_eq!(setup.guarded.breaker(), Some(BreakerState::Closed));
}

#[tokio::test]
async fn more_than_may_wait_are_not_asked() {
    let setup = Setup::new(Behaviour::Answers, GuardConfig { lookups: 2, ..quiet() }).await;
    setup.get().await.unwrap();
    setup.behave(Behaviour::Hangs);
    let (first, second, third) = tokio::join!(setup.get(), setup.get(), setup.get());
    assert!(matches!(first, Err(StoreError::Timeout { .. })));
    assert!(matches!(second, Err(StoreError::Timeout { .. })));
    assert!(matches!(third, Err(StoreError::Busy { limit: 2 })));
}
