use std::marker::PhantomData;

use quick_cache::Lifecycle;

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
