//! What a prompt says for the role that answers it.

use mao_policy::policy::ModelRole::{Analyzer, Checker, Coder, Drafter, Orchestrator, Reasoner, Worker};
use mao_policy::shape;

#[test]
fn rte_09_every_role_has_a_strength_a_form_and_what_is_accepted() {
    for role in [Orchestrator, Worker, Checker, Reasoner, Coder, Analyzer, Drafter] {
        let shape = shape::of(role).unwrap_or_else(|| panic!("{role:?}"));
        assert!(!shape.strength.is_empty() && !shape.form.is_empty() && !shape.accept.is_empty(), "{role:?}");
        let text = shape::text(role, &"core_logic".into()).to_lowercase();
        for stack in ["zod", "tsc", "typescript", "cargo", "pytest", "claude", "codex", "gemini"] {
            assert!(!text.contains(stack), "{role:?}: `{stack}` belongs to a project or a vendor");
        }
    }
    assert!(shape::of(Analyzer).is_some_and(|shape| shape.form.contains("validation")));
    assert!(shape::of(Coder).is_some_and(|shape| shape.accept.iter().any(|point| point.contains("atomic"))));
    assert!(shape::of(Reasoner).is_some_and(|shape| shape.accept.iter().any(|point| point.contains("edge cases"))));
}

#[test]
fn rte_10_faults_and_code_are_checked_against_the_repository_before_finishing() {
    for class in ["debugging", "debugging_escalated", "implementation", "storage_layer", "tests"] {
        let text = shape::text(Coder, &class.into());
        assert!(text.contains("check every claim against the repository"), "{class}: {text}");
    }
    assert_eq!(shape::clause(&"plan_review".into()), None);
}
