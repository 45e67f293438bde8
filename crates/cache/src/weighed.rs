use std::marker::PhantomData;

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};

use crate::Key;

/// For the sizes of tables only: what a feature set takes.
const USUAL_VALUE_BYTES: u64 = 64 << 10;

/// Entries of a tier, weighed in bytes: the least used leave where they would weigh more than the capacity.
pub(crate) type Weighed<V, W> = Cache<Key, V, W, DefaultHashBuilder, Leaving<Key, V>>;

/// An empty one, its capacity split evenly among `shards`. `hot_share` of it is for what was asked for again; none stands
/// for `quick_cache`'s own.
pub(crate) fn weighed<V: Clone, W: Weighter<Key, V> + Clone>(
    capacity_bytes: u64,
    shards: usize,
    hot_share: Option<f64>,
    weighter: W,
) -> Weighed<V, W> {
    let usual = usize::try_from(capacity_bytes / USUAL_VALUE_BYTES).unwrap_or(usize::MAX).max(32);
    let mut options = OptionsBuilder::new();
    options.shards(shards).weight_capacity(capacity_bytes).estimated_items_capacity(usual);
    if let Some(share) = hot_share {
        options.hot_allocation(share);
    }
    let hasher = DefaultHashBuilder::default();
    match options.build() {
        Ok(options) => Cache::with_options(options, weighter, hasher, Leaving::new()),
        // Both capacities are given, so this is never reached; it would differ in the number of shards alone.
        Err(_) => Cache::with(usual, capacity_bytes, weighter, hasher, Leaving::new()),
    }
}

/// Hands the caller of an insertion what left the cache for it: entries evicted, but also a value replaced under the
/// same key. The caller drops them after the lock is released.
#[derive(Debug)]
pub(crate) struct Leaving<K, V>(PhantomData<fn() -> (K, V)>);

impl<K, V> Leaving<K, V> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<K, V> Clone for Leaving<K, V> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<K, V> Lifecycle<K, V> for Leaving<K, V> {
    type RequestState = Vec<(K, V)>;

    fn on_evict(&self, left: &mut Vec<(K, V)>, key: K, value: V) {
        left.push((key, value));
    }
}
