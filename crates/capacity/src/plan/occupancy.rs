//! What the caches of a plan hold and answer.

use super::shared::{PREFIX_BYTES, SHARED_LIFE};
use super::{ENVELOPE_BYTES, Plan, Shared};
use crate::cache_memory::{Entry, Memory, entries_under_ttl};
use crate::hit_ratio::{Caching, Lookups, Zipf};
use crate::instance::Setup;
use crate::workload::Hits;

impl Plan<'_> {
    /// Sizes of an entry of the mean picture in the memory tier.
    pub(super) fn entry(&self) -> Entry {
        let key_bytes = self.request.profile.stored.key_bytes as u64;
        Entry { key_bytes, value_bytes: self.instance.stored_bytes() as u64, expires: true }
    }

    /// Sizes of such an entry in a shared cache.
    pub(super) fn shared_entry(&self) -> Entry {
        let Entry { key_bytes, value_bytes, expires } = self.entry();
        Entry { key_bytes: key_bytes + PREFIX_BYTES, value_bytes: value_bytes + ENVELOPE_BYTES, expires }
    }

    /// Bytes that an insertion into the memory tier takes, mean, if it answers this share of requests. What was computed comes in whole;
    /// of what a shared cache answers a summary, as it needs no more, brings the header alone.
    fn memory_entry_bytes_at(&self, answered: f64) -> f64 {
        let entry = self.entry();
        let whole = Memory.footprint(entry).bytes();
        let (computed, passed) = (1.0 - self.hit_ratio, 1.0 - answered);
        if self.shared_tier.is_none() || passed <= computed {
            return whole;
        }
        let value_bytes = self.request.profile.stored.fixed_bytes as u64;
        let header = Memory.footprint(Entry { value_bytes, ..entry }).bytes();
        header + (whole - header) * computed / passed
    }

    /// The same for what the memory tier does answer.
    pub(super) fn memory_entry_bytes(&self) -> f64 {
        self.memory_entry_bytes_at(self.memory_tier.map_or(0.0, |tier| tier.hit_ratio))
    }

    /// Share of requests that memory tiers do not answer, as far as that is known: they ask the shared cache.
    pub(super) fn beyond_memory(&self) -> f64 {
        1.0 - self.memory_tier.map_or(0.0, |tier| tier.hit_ratio)
    }

    /// Insertions a second into the memory tiers at this rate of requests: what was computed, and what a shared cache answers,
    /// as far as that is known.
    pub(super) fn memory_insertions(&self, rate: f64) -> f64 {
        rate * self.memory_tier.map_or(1.0 - self.hit_ratio, |tier| 1.0 - tier.hit_ratio)
    }

    /// Bytes that the memory tier of one instance comes to hold at this rate of its requests.
    pub(super) fn memory_tier_bytes(&self, rate: f64) -> f64 {
        let Setup { memory_tier_bytes, ttl, .. } = self.instance.setup;
        let entries = match self.memory_lookups() {
            Some(lookups) => Lookups { rate, ..lookups }.unbounded().entries,
            None => entries_under_ttl(self.memory_insertions(rate), ttl),
        };
        (entries * self.memory_entry_bytes()).min(memory_tier_bytes)
    }

    /// Entries that the shared cache holds in the long run; those of all instances' memory tiers where there is none.
    pub(super) fn entries(&self) -> f64 {
        match (self.shared_tier, self.memory_tier) {
            (Some(shared), _) => shared.entries,
            (None, Some(memory)) => memory.entries * f64::from(self.instances),
            (None, None) => entries_under_ttl(self.misses(self.planned_rate()), self.life()),
        }
    }

    /// How long the entries of the shared cache stay, mean, s; those of memory tiers where there is none.
    pub(super) fn life(&self) -> f64 {
        self.instance.setup.ttl * self.shared.map_or(1.0, |_| SHARED_LIFE)
    }

    /// What a memory tier is asked for, if popularity tells.
    pub(super) fn memory_lookups(&self) -> Option<Lookups> {
        let rate = self.planned_rate() / f64::from(self.instances);
        let capacity = self.instance.setup.memory_tier_bytes / self.memory_entry_bytes();
        Some(Lookups { popularity: self.popularity()?, rate, capacity, ttl: self.instance.setup.ttl })
    }

    /// What the shared cache is asked for, if there is one and popularity tells: all that instances are, as what one answers from its
    /// memory is there, too.
    pub(super) fn shared_lookups(&self) -> Option<Lookups> {
        let capacity = self.shared_room(self.shared?);
        Some(Lookups {
            popularity: self.popularity()?,
            rate: self.planned_rate(),
            capacity,
            ttl: self.life(),
        })
    }

    /// Entries that there is room for in a shared cache.
    fn shared_room(&self, shared: Shared) -> f64 {
        if !shared.backend.evicts() {
            return f64::INFINITY;
        }
        let entry = self.shared_entry();
        let likely = shared.capacity_bytes / entry.value_bytes.max(1) as f64;
        shared.capacity_bytes / shared.backend.footprint(entry, likely as u64).bytes()
    }

    /// Bytes of an entry in a shared cache, among as many as it holds.
    pub(super) fn shared_entry_bytes(&self, shared: Shared) -> f64 {
        shared.backend.footprint(self.shared_entry(), self.entries().max(1.0) as u64).bytes()
    }

    /// Reckons what the caches do with as many instances as there are, if popularity tells.
    pub(super) fn reckon_caches(&mut self) {
        if let Hits::Ratio(ratio) = self.request.workload.hits {
            self.hit_ratio = ratio;
            return;
        }
        // The same for any number of instances.
        if self.shared_tier.is_none() {
            self.shared_tier = self.shared_lookups().map(|lookups| lookups.cached());
        }
        let shared = self.shared_tier.map_or(0.0, |tier| tier.hit_ratio);
        self.hit_ratio = shared;
        let room = self.instance.setup.memory_tier_bytes;
        let is_full = |held: &Caching| held.entries * self.memory_entry_bytes_at(held.hit_ratio) > room;
        self.memory_tier = self.memory_lookups().map(|lookups| lookups.cached_in(is_full));
        self.hit_ratio = self.memory_tier.map_or(shared, |memory| shared.max(memory.hit_ratio));
    }

    /// Hit ratio if nothing were ever evicted; none where it is given.
    pub(super) fn hit_ratio_without_eviction(&self) -> Option<f64> {
        let lookups = self.shared_lookups().or_else(|| self.memory_lookups())?;
        Some(Lookups { capacity: f64::INFINITY, ..lookups }.cached().hit_ratio)
    }

    pub(super) fn popularity(&self) -> Option<Zipf> {
        match self.request.workload.hits {
            Hits::Popularity(popularity) => Some(popularity),
            Hits::Ratio(_) => None,
        }
    }

    pub(super) fn planned_rate(&self) -> f64 {
        self.request.workload.planned_rate()
    }
}
