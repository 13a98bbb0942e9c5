//! What steps and dimensions are called.

use mao_core::ids::{SectionId, StepId};
use mao_policy::score::Dimension;

/// The step in which a section is reviewed in one dimension.
#[must_use]
pub fn review_step(section: &SectionId, dimension: Dimension) -> StepId {
    StepId::new(format!("review.{section}.{}", dimension.name()))
}

/// What a dimension is called in log lines and reports.
pub(super) const fn label(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::PrdCompliance => "PRD compliance",
        Dimension::ErrorHandling => "Error handling",
        Dimension::TypeSafety => "Type safety",
        Dimension::Architecture => "Architecture",
        Dimension::Security => "Security",
    }
}
