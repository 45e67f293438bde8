//! Keys as text.

use cache::{Key, UnknownKey};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

    #[test]
    fn text_and_key_are_one(engine_version: u32, fingerprint: [u8; 16], digest: [u8; 32]) {
        let key = Key { engine_version, fingerprint, digest };
        let text = key.to_string();
        prop_assert_eq!(text.parse(), Ok(key));
        let parts: Vec<_> = text.split(':').collect();
        let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
        prop_assert_eq!(parts[0], "features");
        prop_assert_eq!(parts[1], engine_version.to_string());
        prop_assert_eq!(&lengths[2..], &[32, 64]);
        prop_assert!(parts[2..].iter().all(|part| part.chars().all(|c| "0123456789abcdef".contains(c))));
    }

    #[test]
    fn a_key_has_one_spelling(position in 0_usize..108, other in any::<char>()) {
        let key = Key { engine_version: 7, fingerprint: [0xab; 16], digest: [0xcd; 32] };
        let mut text: Vec<char> = key.to_string().chars().collect();
        text[position] = other;
        let text: String = text.into_iter().collect();
        if let Ok(parsed) = text.parse::<Key>() {
            prop_assert_eq!(parsed.to_string(), text);
        }
    }

    #[test]
    fn any_text_is_a_key_or_an_error(text: String) {
        if let Ok(parsed) = text.parse::<Key>() {
            prop_assert_eq!(parsed.to_string(), text);
        }
    }
}

#[test]
fn other_spellings_are_none() {
    let digits = format!("{}:{}", "a".repeat(32), "b".repeat(64));
    assert!(format!("features:0:{digits}").parse::<Key>().is_ok());
    for version in ["00", "01", "+1", "-1", "", "4294967296", " 1"] {
        assert_eq!(format!("features:{version}:{digits}").parse::<Key>(), Err(UnknownKey), "{version}");
    }
    assert!(format!("features:1:{digits}").to_uppercase().parse::<Key>().is_err());
    assert!(format!("features:1:{digits}:").parse::<Key>().is_err());
}
