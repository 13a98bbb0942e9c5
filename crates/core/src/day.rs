//! Days of the calendar: what dated data is dated with, and which month a moment lies in. Everything is UTC.

use crate::ids::Stamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const DAY_MS: u64 = 86_400_000;

/// A day, as `2026-11-20`; from 1970 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day: write it as 2026-11-20")]
pub struct NoDay(String);

impl Day {
    /// The day that a moment lies in.
    #[must_use]
    pub fn of(at: Stamp) -> Self {
        let mut rest = at.0 / DAY_MS;
        let mut year = 1970_u16;
        while rest >= days_of_year(year) && year < u16::MAX {
            rest -= days_of_year(year);
            year += 1;
        }
        let mut month = 1_u8;
        while rest >= days_of_month(year, month) && month < 12 {
            rest -= days_of_month(year, month);
            month += 1;
        }
        let day = u8::try_from(rest + 1).unwrap_or(31);
        Self { year, month, day }
    }

    /// How many days lie between 1970-01-01 and it.
    #[must_use]
    pub fn number(self) -> u64 {
        let years: u64 = (1970..self.year).map(days_of_year).sum();
        let months: u64 = (1..self.month).map(|month| days_of_month(self.year, month)).sum();
        years + months + u64::from(self.day) - 1
    }

    /// Its first moment.
    #[must_use]
    pub fn begins(self) -> Stamp {
        Stamp(self.number() * DAY_MS)
    }

    /// The first day of its month.
    #[must_use]
    pub const fn month_begins(self) -> Self {
        Self { day: 1, ..self }
    }
}

const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_of_year(year: u16) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn days_of_month(year: u16, month: u8) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let wrong = || NoDay(text.chars().take(40).collect());
        let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(wrong()) };
        if !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return Err(wrong());
        }
        let parsed = (year.parse::<u16>(), month.parse::<u8>(), day.parse::<u8>());
        let (Ok(year), Ok(month), Ok(day)) = parsed else { return Err(wrong()) };
        let there = year >= 1970 && (1..=12).contains(&month) && day >= 1;
        if there && u64::from(day) <= days_of_month(year, month) { Ok(Self { year, month, day }) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for Day {
    type Error = NoDay;

    fn try_from(text: String) -> Result<Self, NoDay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_written_and_counted() {
        for (text, number) in [("1970-01-01", 0), ("1972-02-29", 789), ("2000-03-01", 11_017), ("2026-11-20", 20_777)] {
            let day: Day = text.parse().expect("a day");
            assert_eq!((day.to_string().as_str(), day.number()), (text, number));
            assert_eq!(Day::of(Stamp(number * DAY_MS)), day);
            assert_eq!(Day::of(Stamp(number * DAY_MS + DAY_MS - 1)), day);
        }
        for number in 0..40_000 {
            assert_eq!(Day::of(Stamp(number * DAY_MS)).number(), number);
        }
        for wrong in ["2026-2-1", "2026-02-29", "2026-13-01", "2026-00-10", "1969-12-31", "20261120", "", "2026-11-20 "]
        {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
        let month: Day = "2026-11-01".parse().expect("a day");
        assert_eq!(Day::of(Stamp(20_777 * DAY_MS)).month_begins(), month);
        assert_eq!(month.begins(), Stamp(20_758 * DAY_MS));
    }
}
