//! What decides between candidates.

use mao_policy::contest::{
    Bench, Candidate, Dispute, Label, Measures, Mind, Plea, Rule, SettledBy, Suite, Then, bench, blind,
    may_think_longer, settle,
};

fn candidate(hash: &str, runs: &[bool], measures: [u32; 4]) -> Candidate {
    let [new_dependencies, files, lines, public_symbols] = measures;
    let measures = Measures { new_dependencies, files, lines, public_symbols };
    Candidate { hash: hash.into(), measures, tampering: Vec::new(), runs: runs.to_vec() }
}

const GREEN: [bool; 3] = [true; 3];
const RED: [bool; 3] = [false; 3];

#[test]
fn dis_02_one_passes_both_pass_none_passes() {
    let (a, b) = (candidate("aa", &GREEN, [0, 9, 900, 9]), candidate("bb", &RED, [0, 1, 1, 0]));
    let one = settle(Suite::Existing, &[b.clone(), a.clone()]);
    assert_eq!((one.rule, one.winner, one.then), (Rule::OnlyOnePasses, Some(Label('A')), Then::Take));
    let both = settle(Suite::Existing, &[a.clone(), candidate("bb", &GREEN, [0, 1, 1, 0])]);
    assert_eq!((both.rule, both.winner), (Rule::Simpler, Some(Label('B'))));
    assert_eq!(both.because, "B is simpler: 1 files against 9 of A");
    let none = settle(Suite::Existing, &[candidate("aa", &RED, [0; 4]), b]);
    assert_eq!((none.rule, none.winner, none.then), (Rule::NonePasses, None, Then::Judge { extended: true }));
}

#[test]
fn dis_05_simpler_is_dependencies_then_files_then_lines_then_names_then_hash() {
    let order = [[0, 9, 9, 9], [1, 0, 9, 9], [1, 1, 0, 9], [1, 1, 1, 0], [1, 1, 1, 1]];
    for pair in order.windows(2) {
        let ruling = settle(Suite::Existing, &[candidate("z", &GREEN, pair[0]), candidate("y", &GREEN, pair[1])]);
        assert_eq!(ruling.winner, Some(Label('B')), "{pair:?}");
    }
    let same = settle(Suite::Existing, &[candidate("z", &GREEN, [1; 4]), candidate("y", &GREEN, [1; 4])]);
    assert_eq!((same.rule, same.winner), (Rule::LowestHash, Some(Label('A'))));
}

#[test]
fn dis_03_without_tests_tests_come_first() {
    let ruling = settle(Suite::None, &[candidate("a", &GREEN, [0; 4]), candidate("b", &GREEN, [0; 4])]);
    assert_eq!((ruling.rule, ruling.winner, ruling.then), (Rule::TestsFirst, None, Then::WriteTests));
}

#[test]
fn dis_04_a_design_that_can_be_taken_back_is_picked_and_another_is_read() {
    let both = [candidate("a", &[], [0, 2, 2, 2]), candidate("b", &[], [0, 1, 1, 1])];
    let picked = settle(Suite::Untestable { reversible: true }, &both);
    assert_eq!((picked.rule, picked.winner, picked.then), (Rule::Reversible, Some(Label('B')), Then::Take));
    let read = settle(Suite::Untestable { reversible: false }, &both);
    assert_eq!((read.winner, read.then), (None, Then::Judge { extended: false }));
}

#[test]
fn dis_06_labels_follow_from_content_and_from_nothing_else() {
    let (a, b, c) = (candidate("1", &GREEN, [0; 4]), candidate("2", &RED, [0; 4]), candidate("3", &RED, [0; 4]));
    let labels = |order: &[Candidate]| -> Vec<(Label, String)> {
        blind(order).into_iter().map(|(label, each)| (label, each.hash.clone())).collect()
    };
    assert_eq!(labels(&[c.clone(), a.clone(), b.clone()]), labels(&[a.clone(), b.clone(), c.clone()]));
    assert_eq!(
        settle(Suite::Existing, &[c.clone(), b.clone(), a.clone()]),
        settle(Suite::Existing, &[a, c, b]),
        "the order in which they came changes nothing"
    );
}

#[test]
fn dis_07_who_touches_the_tests_is_out_and_flaky_tests_decide_nothing() {
    let mut cheat = candidate("a", &GREEN, [0; 4]);
    cheat.tampering = vec!["tests/it.rs was edited".into()];
    let honest = candidate("b", &GREEN, [5; 4]);
    let ruling = settle(Suite::Neutral { discriminates: true }, &[cheat.clone(), honest.clone()]);
    assert_eq!(ruling.winner, Some(Label('B')));
    assert_eq!(ruling.disqualified, [(Label('A'), vec!["tests/it.rs was edited".to_owned()])]);
    assert_eq!(settle(Suite::Existing, &[cheat]).rule, Rule::NobodyLeft);

    let flaky = candidate("a", &[true, false, true], [0; 4]);
    assert_eq!(settle(Suite::Existing, &[flaky, honest.clone()]).rule, Rule::Flaky);
    let twice = candidate("a", &[true, true], [0; 4]);
    assert_eq!(settle(Suite::Existing, &[twice, honest.clone()]).rule, Rule::Flaky, "two runs are too few");
    let ruling = settle(Suite::Neutral { discriminates: false }, &[candidate("a", &GREEN, [0; 4]), honest]);
    assert!(ruling.because.starts_with("the new tests tell nobody apart"), "{}", ruling.because);
}

#[test]
fn dis_01_style_and_speed_are_settled_elsewhere() {
    assert_eq!(Dispute::Style.settled_by(), SettledBy::Conventions);
    assert_eq!(Dispute::MicroPerformance.settled_by(), SettledBy::Benchmark);
    for dispute in [Dispute::Implementation, Dispute::Review, Dispute::Architecture] {
        assert_eq!(dispute.settled_by(), SettledBy::Contest);
    }
}

#[test]
fn dis_08_a_session_that_made_a_candidate_judges_none_and_a_fresh_one_may() {
    let mind = |model: &str, session: &str| Mind { model: model.into(), session: session.into() };
    let authors = [mind("opus", "s1"), mind("ext", "s2")];
    assert_eq!(bench(&mind("opus", "s1"), &authors), Bench::Author);
    assert_eq!(bench(&mind("opus", "s2"), &authors), Bench::Author, "whatever it is called");
    assert_eq!(bench(&mind("opus", "s3"), &authors), Bench::Fresh);
    assert_eq!(bench(&mind("sonnet", "s3"), &authors), Bench::Apart);
}

#[test]
fn dis_09_hard_disagreeing_and_unsure_are_no_reasons() {
    assert!(may_think_longer(Plea::NonePassesWithLogs) && may_think_longer(Plea::IrreversibleUndecided));
    for plea in [Plea::Hard, Plea::TheyDisagree, Plea::Unsure] {
        assert!(!may_think_longer(plea), "{plea:?}");
    }
}
