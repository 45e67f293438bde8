use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

const SECONDS_OF_DAY: u64 = 86_400;

/// A moment as RFC 3339 writes it: UTC, milliseconds, `2026-02-28T23:59:59.999Z`. What lies before 1970 is 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp(pub SystemTime);

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Date {
    year: u64,
    month: u64,
    day: u64,
}

impl Date {
    /// The date that is so many days after 1 January 1970.
    ///
    /// Years are counted from 1 March, so that a leap day ends its year, in eras of 400 years, after which the calendar
    /// repeats.
    const fn from_days(days_since_1970: u64) -> Self {
        const DAYS_FROM_MARCH_OF_YEAR_0: u64 = 719_468;
        const DAYS_OF_ERA: u64 = 146_097;
        let days = days_since_1970 + DAYS_FROM_MARCH_OF_YEAR_0;
        let (era, day_of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months_since_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
        let (month, years) =
            if months_since_march < 10 { (months_since_march + 3, 0) } else { (months_since_march - 9, 1) };
        Self { year: era * 400 + year_of_era + years, month, day }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since_1970 = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let seconds = since_1970.as_secs();
        let Date { year, month, day } = Date::from_days(seconds / SECONDS_OF_DAY);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let millisecond = since_1970.subsec_millis();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seconds: u64, nanoseconds: u32) -> String {
        Timestamp(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)).to_string()
    }

    #[test]
    fn known_moments() {
        assert_eq!(text(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(951_782_399, 999_999_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(text(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(text(1_709_251_199, 7_000_000), "2024-02-29T23:59:59.007Z");
        assert_eq!(text(1_700_000_000, 0), "2023-11-14T22:13:20.000Z");
        assert_eq!(text(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn before_1970_is_1970() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Timestamp(before).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let leap =
            |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = |date: Date| match date.month {
            2 if leap(date.year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut expected = Date { year: 1970, month: 1, day: 1 };
        for days in 0..146_097 {
            assert_eq!(Date::from_days(days), expected);
            expected = match expected {
                Date { year, month: 12, day: 31 } => Date { year: year + 1, month: 1, day: 1 },
                Date { year, month, day } if day == length(expected) => {
                    Date { year, month: month + 1, day: 1 }
                }
                Date { year, month, day } => Date { year, month, day: day + 1 },
            };
        }
    }
}
