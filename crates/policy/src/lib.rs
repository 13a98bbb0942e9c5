//! What may happen next, decided purely: which models a step may use, and what follows a fault or a refused change.
//!
//! This room never calls anything, reads no clock and no file. Whoever asks says what the world allows
//! ([`Conditions`]); every answer carries its reason.
//!
//! Read in this order: [`mod@policy`] (what was configured), [`orchestrator`] (what cannot be), [`primary`] (what never
//! leaves), [`mod@route`], [`mod@decide`] with [`breaker`] and [`spend`], [`fallback`], [`mod@grant`]. Then who does a
//! piece of work: [`tree`] with [`case`], [`triggers`], [`thresholds`] and [`shape`], phase by phase in [`touchpoints`]; and what a plan is worth: [`waves`], [`complexity`],
//! [`mod@estimate`] with [`prices`], [`diversity`], [`realised`]. Then what reviews come to: [`chunk`] with [`packing`] and [`coverage`],
//! [`anchor`], [`truncated`], [`tokens`], and [`mod@score`]. Then where
//! a person or a test decides: [`checkpoint`] with [`gate`], [`cycle`], [`mod@artifact`] with [`raise`], [`contest`] with [`measure`]
//! and [`tamper`]; and who may
//! see a piece of work at all: [`privacy`] with [`secret`]. What attempts came to: [`outcomes`].

pub mod anchor;
pub mod artifact;
pub mod breaker;
pub mod case;
pub mod checkpoint;
pub mod chunk;
pub mod complexity;
pub mod consensus;
pub mod contest;
pub mod coverage;
pub mod cycle;
pub mod decide;
pub mod diversity;
mod entry;
pub mod estimate;
pub mod fallback;
pub mod gate;
pub mod grant;
pub mod known;
pub mod measure;
pub mod needs;
pub mod orchestrator;
pub mod outcomes;
pub mod packing;
pub mod policy;
pub mod prices;
pub mod primary;
pub mod privacy;
pub mod raise;
pub mod realised;
pub mod route;
pub mod score;
pub mod secret;
pub mod shape;
pub mod spend;
pub mod tamper;
pub mod thresholds;
pub mod tokens;
pub mod touchpoints;
pub mod tree;
pub mod triggers;
pub mod truncated;
pub mod waves;

pub use decide::{Next, decide};
pub use policy::Policy;
pub use route::{Conditions, route};
