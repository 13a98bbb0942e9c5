//! What follows from a model's entry at a moment: where it is in its life, what it costs, what it can do.

use crate::known::{Capability, Price};
use crate::policy::{Lifecycle, ModelEntry};
use mao_core::day::Day;
use mao_core::ids::Stamp;

impl ModelEntry {
    /// Whether it can do something; `None` where nobody has said.
    #[must_use]
    pub fn can(&self, what: Capability) -> Option<bool> {
        self.known.capabilities.as_ref().map(|all| all.contains(&what))
    }

    /// Where it is in its life at a moment: what the registry says, or further, where a day that it names has come.
    #[must_use]
    pub fn stage(&self, at: Stamp) -> Lifecycle {
        let today = Day::of(at);
        let come = |day: Option<Day>| day.is_some_and(|day| day <= today);
        if come(self.known.retires) {
            return Lifecycle::Retired;
        }
        match self.lifecycle {
            Lifecycle::Active | Lifecycle::Legacy if come(self.known.deprecated) => Lifecycle::Deprecated,
            Lifecycle::Active | Lifecycle::Legacy | Lifecycle::Deprecated | Lifecycle::Retired => self.lifecycle,
        }
    }

    /// What it costs at a moment, where that is known.
    #[must_use]
    pub fn price_at(&self, at: Stamp) -> Option<Price> {
        let offer = self.known.offers.iter().find(|offer| at < offer.until.begins());
        offer.map(|offer| offer.price).or(self.price)
    }
}
