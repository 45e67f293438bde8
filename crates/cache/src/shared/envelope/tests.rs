use proptest::prelude::*;

use super::*;

const NAME: &str = "siftd:features:2:00:01";

fn stored(value: &[u8]) -> Vec<u8> {
    let envelope = Envelope::of(value, SystemTime::now() + Duration::from_secs(60));
    [&envelope.seal(NAME)[..], value].concat()
}

/// What a store that reads no more than it needs makes of stored bytes.
fn read(name: &str, mut stored: Vec<u8>, wanted: Extent) -> Result<Option<Cached>, StoreError> {
    stored.truncate(reach(wanted));
    let (envelope, rest) = Envelope::open(name, stored.into())?;
    envelope.value(rest, wanted)
}

#[test]
fn the_layout_is_as_documented() {
    let expires_at = SystemTime::UNIX_EPOCH + Duration::from_millis(0x0102_0304_0506);
    let bytes = Envelope::of(b"value", expires_at).seal("name");
    let expected = "73666331db7253cf060504030201000005000000000000003458771d3458771d";
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected);
}

#[test]
fn what_has_expired_is_nothing() {
    let envelope = Envelope::of(b"value", SystemTime::now());
    assert!(envelope.value(Bytes::from_static(b"value"), Extent::Whole).unwrap().is_none());
}

#[test]
fn a_value_of_another_entry_is_corrupt() {
    let error = read("siftd:features:2:00:02", stored(b"value"), Extent::Whole).unwrap_err();
    assert_eq!(error.to_string(), "corrupt entry: its beginning was changed, or belongs to another entry");
}

proptest! {
    #[test]
    fn a_value_comes_back_to_the_extent_that_is_wanted(
        value in prop::collection::vec(any::<u8>(), 0..400),
        wanted in prop_oneof![Just(Extent::Whole), (0_usize..500).prop_map(Extent::Prefix)],
    ) {
        let cached = read(NAME, stored(&value), wanted).unwrap().unwrap();
        let expected = match wanted {
            Extent::Prefix(length) if length < value.len() => &value[..length],
            _ => &value[..],
        };
        prop_assert_eq!(&cached.value[..], expected);
        prop_assert_eq!(cached.extent, wanted.of(value.len() as u64));
    }

    #[test]
    fn no_change_of_a_whole_value_goes_unnoticed(
        value in prop::collection::vec(any::<u8>(), 0..400),
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let mut flipped = stored(&value);
        let at = at.index(flipped.len());
        flipped[at] ^= 1 << bit;
        prop_assert!(read(NAME, flipped, Extent::Whole).is_err());
        let mut flipped = stored(&value);
        let reached = flipped.len().min(LENGTH + CHECKED);
        let at = at % reached;
        flipped[at] ^= 1 << bit;
        prop_assert!(read(NAME, flipped, Extent::Prefix(128)).is_err());
    }

    #[test]
    fn no_truncation_goes_unnoticed(
        value in prop::collection::vec(any::<u8>(), 1..400),
        kept in any::<prop::sample::Index>(),
        more in any::<u8>(),
    ) {
        let stored = stored(&value);
        let kept = stored[..kept.index(stored.len())].to_vec();
        prop_assert!(read(NAME, kept.clone(), Extent::Whole).is_err());
        prop_assert!(kept.len() >= LENGTH + CHECKED || read(NAME, kept, Extent::Prefix(128)).is_err());
        prop_assert!(read(NAME, [&stored[..], &[more]].concat(), Extent::Whole).is_err());
    }

    #[test]
    fn arbitrary_bytes_are_no_value(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(read(NAME, bytes, Extent::Whole).is_err());
    }
}
