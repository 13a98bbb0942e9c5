//! One figure of a run: a value, what it is made of, and what it may be at most. It measures nothing.

use serde::Serialize;

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// The part that measured it.
    pub part: &'static str,
    /// What it says, in one line.
    pub what: String,
    /// The value, in `unit`.
    pub value: f64,
    /// What the value counts.
    pub unit: Unit,
    /// What it may be at most, where something is demanded.
    pub most: Option<f64>,
    /// What it is made of: both sides, and of how many readings.
    pub from: String,
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// How many times the other side.
    #[serde(rename = "times")]
    Times,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Ms,
    /// Mebibytes.
    #[serde(rename = "MiB")]
    Mib,
}

impl Figure {
    /// A figure of which nothing is demanded.
    pub fn new(part: &'static str, what: impl Into<String>, value: f64, unit: Unit, from: impl Into<String>) -> Self {
        Self { part, what: what.into(), value, unit, most: None, from: from.into() }
    }

    /// The same with what is demanded of it.
    #[must_use]
    pub fn at_most(self, most: f64) -> Self {
        Self { most: Some(most), ..self }
    }

    /// Whether it is what is demanded. Judged as it is shown, to two decimals.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.most.is_none_or(|most| (self.value * 100.0).round() / 100.0 <= most)
    }

    /// The value with its unit.
    #[must_use]
    pub fn shown(&self) -> String {
        in_unit(self.value, self.unit)
    }

    /// What is demanded, as people read it.
    #[must_use]
    pub fn demanded(&self) -> String {
        self.most.map_or_else(String::new, |most| format!("≤ {}", in_unit(most, self.unit)))
    }
}

fn in_unit(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Times => format!("{value:.2} ×"),
        Unit::Ms => format!("{value:.2} ms"),
        Unit::Mib => format!("{value:.1} MiB"),
    }
}
