//! Calendar days, without time or zone.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i32);

/// A text that is no day of the form `2026-11-20`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotADay;

impl Day {
    /// The day that is `days` later.
    #[must_use]
    pub fn plus(self, days: u16) -> Self {
        Self(self.0 + i32::from(days))
    }

    /// How many days have passed since `earlier`; negative when it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// Counts in years that begin in March, so that a leap day comes last.
    fn from_date(year: i32, month: i32, day: i32) -> Self {
        let year = if month < 3 { year - 1 } else { year };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Self(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }

    fn date(self) -> (i32, i32, i32) {
        let days = self.0 + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let march = (5 * of_year + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        (
            era * 400 + year + i32::from(month < 3),
            month,
            of_year - (153 * march + 2) / 5 + 1,
        )
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let parts: Vec<i32> = text
            .splitn(3, '-')
            .map_while(|part| part.parse().ok())
            .collect();
        let &[year @ 1..=9999, month @ 1..=12, day @ 1..=31] = &parts[..] else {
            return Err(NotADay);
        };
        let found = Self::from_date(year, month, day);
        // A day that no month has, or one that is spelled otherwise, does not come back as it was typed.
        if found.to_string() == text {
            Ok(found)
        } else {
            Err(NotADay)
        }
    }
}

impl fmt::Display for NotADay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a day like 2026-11-20")
    }
}

impl std::error::Error for NotADay {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_written_alike() {
        for (text, count) in [
            ("1970-01-01", 0),
            ("2000-02-29", 11_016),
            ("2026-11-20", 20_777),
        ] {
            assert_eq!(text.parse(), Ok(Day(count)));
            assert_eq!(Day(count).to_string(), text);
        }
        for wrong in [
            "",
            "2026-11",
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "2026-11-20x",
            "today",
        ] {
            assert_eq!(wrong.parse::<Day>(), Err(NotADay), "{wrong}");
        }
    }

    #[test]
    fn days_can_be_counted() {
        let day: Day = "2026-12-31".parse().unwrap();
        assert_eq!(day.plus(1).to_string(), "2027-01-01");
        assert_eq!(day.since(day.plus(30)), -30);
    }
}
