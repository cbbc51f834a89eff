//! LRU cache of documents and the like, bounded by its number of entries and by their size in bytes.

use std::num::NonZeroUsize;

use lru::LruCache;

pub struct ByteLru<V> {
    /// Each with its size in bytes.
    entries: LruCache<Box<str>, (V, usize)>,
    bytes: usize,
    max_bytes: usize,
}

impl<V> ByteLru<V> {
    pub(super) fn new(max_entries: NonZeroUsize, max_bytes: usize) -> Self {
        Self {
            entries: LruCache::new(max_entries),
            bytes: 0,
            max_bytes,
        }
    }

    pub(super) fn get(&mut self, key: &str) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    pub(super) fn put(&mut self, key: &str, value: V, bytes: usize) {
        let displaced = self.entries.push(key.into(), (value, bytes));
        self.bytes += bytes;
        self.bytes -= displaced.map_or(0, |(_, (_, bytes))| bytes);
        while self.bytes > self.max_bytes
            && let Some((_, (_, bytes))) = self.entries.pop_lru()
        {
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: NonZeroUsize = NonZeroUsize::new(500).unwrap();

    #[test]
    fn the_least_recently_used_entries_go_first() {
        let mut cache = ByteLru::new(ENTRIES, 100_000);
        for n in 0..600 {
            cache.put(&n.to_string(), n, 10);
            // The first is used again and again.
            assert_eq!(cache.get("0"), Some(&0));
        }
        assert_eq!(cache.entries.len(), 500);
        assert_eq!(cache.bytes, 5_000);
        assert_eq!(cache.get("599"), Some(&599));
        assert_eq!(cache.get("100"), None);
    }

    #[test]
    fn large_entries_displace_others() {
        let mut cache = ByteLru::new(ENTRIES, 100);
        for n in 0..10 {
            cache.put(&n.to_string(), n, 30);
        }
        assert_eq!((cache.entries.len(), cache.bytes), (3, 90));
        // Put anew, it counts once.
        cache.put("9", 9, 20);
        assert_eq!((cache.entries.len(), cache.bytes), (3, 80));
        cache.put("10", 10, 101);
        assert_eq!((cache.entries.len(), cache.bytes), (0, 0));
    }
}
