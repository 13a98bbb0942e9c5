//! Which sections run together: the engine's own order, whatever a model says.

use mao_core::ids::SectionId;
use mao_policy::waves::{Dependencies, Edge, Relation, Severity, Strategy, waves};
use std::collections::BTreeSet;

fn ids(names: &[&str]) -> Vec<SectionId> {
    names.iter().map(|name| SectionId::from(*name)).collect()
}

fn edge(from: &str, to: &str, severity: Severity) -> Edge {
    Edge { from: from.into(), to: to.into(), kind: Relation::Type, severity, evidence: "uses `Book`".into() }
}

fn said(edges: Vec<Edge>) -> Dependencies {
    Dependencies { edges, ..Default::default() }
}

#[test]
fn pln_02_blocking_edges_order_and_soft_ones_only_note() {
    use Severity::{Blocking, Soft};
    let edges = vec![edge("4", "3", Blocking), edge("2", "3", Blocking), edge("1", "2", Soft)];
    let found = waves(&ids(&["1", "2", "3", "4"]), Some(&said(edges))).unwrap();
    assert_eq!(found.waves, [ids(&["1", "2", "4"]), ids(&["3"])]);
    assert_eq!(found.strategy, Strategy::Partial);
    assert_eq!(found.notes, ["2 may touch the types of 1: uses `Book`"]);
    let free = waves(&ids(&["1", "2"]), Some(&said(vec![edge("1", "2", Soft)]))).unwrap();
    assert_eq!((free.waves, free.strategy), (vec![ids(&["1", "2"])], Strategy::Parallel));
}

#[test]
fn pln_02_the_models_own_order_is_not_trusted() {
    let mut lying = said(vec![edge("1", "2", Severity::Blocking)]);
    lying.waves = vec![ids(&["2", "1"])];
    let found = waves(&ids(&["1", "2"]), Some(&lying)).unwrap();
    assert_eq!(found.waves, [ids(&["1"]), ids(&["2"])]);
    assert!(found.notes[0].contains("another one"), "{:?}", found.notes);
}

#[test]
fn pln_02_a_circle_is_an_error_that_names_it() {
    use Severity::{Blocking, Soft};
    let edges = vec![edge("1", "2", Blocking), edge("2", "3", Blocking), edge("3", "2", Blocking)];
    let wrong = waves(&ids(&["1", "2", "3"]), Some(&said(edges))).unwrap_err();
    assert_eq!(wrong.to_string(), "sections depend on each other in a circle: 2 → 3 → 2");
    let own = waves(&ids(&["1", "2"]), Some(&said(vec![edge("2", "2", Blocking)]))).unwrap_err();
    assert_eq!(own.to_string(), "sections depend on each other in a circle: 2 → 2");
    let soft = vec![edge("1", "2", Blocking), edge("2", "1", Soft)];
    assert!(waves(&ids(&["1", "2"]), Some(&said(soft))).is_ok(), "what only notes makes no circle");
}

#[test]
fn pln_02_the_one_shape_is_read_and_another_one_is_not() {
    let text = r#"{"waves": [["2"], ["3"]], "edges": [
        {"from": "2", "to": "3", "kind": "data_flow", "severity": "blocking", "evidence": "reads its table"}]}"#;
    let read: Dependencies = serde_json::from_str(text).unwrap();
    assert_eq!(waves(&ids(&["2", "3"]), Some(&read)).unwrap().waves, [ids(&["2"]), ids(&["3"])]);
    for wrong in [text.replace("data_flow", "vibes"), text.replace("edges", "edgy"), text.replace("\"to\"", "\"2\"")] {
        assert!(serde_json::from_str::<Dependencies>(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn pln_03_what_is_uncertain_or_failed_runs_one_after_another() {
    let three = ids(&["3", "1", "2"]);
    let unsure = Dependencies { uncertain: Some("the list is vague".into()), ..Default::default() };
    let stranger = said(vec![edge("1", "9", Severity::Soft)]);
    for check in [None, Some(&unsure), Some(&stranger)] {
        let found = waves(&three, check).unwrap();
        assert_eq!(found.waves, [ids(&["3"]), ids(&["1"]), ids(&["2"])], "{check:?}");
        assert_eq!(found.strategy, Strategy::Sequential);
    }
    assert!(waves(&three, Some(&unsure)).unwrap().reason.contains("the list is vague"));
    assert!(waves(&ids(&["1"]), None).unwrap().reason.contains("one section"));
}

/// A sequence of numbers that is the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(n).expect("small")).expect("small")
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

#[test]
fn pln_02_any_graph_without_a_circle_is_layered_and_one_edge_back_is_found() {
    for seed in 1..=400 {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let count = 2 + dice.below(11);
        let mut hidden: Vec<SectionId> = (1..=count).map(|n| SectionId::new(n.to_string())).collect();
        let sections = hidden.clone();
        dice.shuffle(&mut hidden);
        let mut edges = Vec::new();
        for later in 1..count {
            for earlier in 0..later {
                if dice.below(4) == 0 {
                    edges.push(edge(hidden[earlier].as_str(), hidden[later].as_str(), Severity::Blocking));
                }
            }
        }
        let found = waves(&sections, Some(&said(edges.clone()))).unwrap().waves;
        let wave_of = |id: &SectionId| found.iter().position(|wave| wave.contains(id)).unwrap();
        assert_eq!(found.iter().flatten().collect::<BTreeSet<_>>(), sections.iter().collect(), "seed {seed}");
        assert_eq!(found.iter().flatten().count(), count, "seed {seed}: nobody twice");
        for edge in &edges {
            assert!(wave_of(&edge.from) < wave_of(&edge.to), "seed {seed}: {edge:?}");
        }
        for section in &sections {
            let waits = edges.iter().filter(|edge| edge.to == *section).map(|edge| wave_of(&edge.from) + 1).max();
            assert_eq!(wave_of(section), waits.unwrap_or(0), "seed {seed}: no sooner than needed, no later");
        }
        let mut shuffled = edges.clone();
        dice.shuffle(&mut shuffled);
        assert_eq!(waves(&sections, Some(&said(shuffled))).unwrap().waves, found, "seed {seed}");
        if let Some(any) = edges.get(dice.below(edges.len().max(1))) {
            let back = edge(any.to.as_str(), any.from.as_str(), Severity::Blocking);
            edges.push(back);
            let circle = waves(&sections, Some(&said(edges.clone()))).unwrap_err().0;
            for (at, from) in circle.iter().enumerate() {
                let to = &circle[(at + 1) % circle.len()];
                assert!(edges.iter().any(|edge| edge.from == *from && edge.to == *to), "seed {seed}: {circle:?}");
            }
        }
    }
}
