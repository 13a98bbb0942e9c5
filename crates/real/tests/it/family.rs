//! A vendor that serves another family than the orchestrator's is not obeyed.

use super::place::{CONFIG, Part, Place};
use super::play::{Play, Stream, tasks};

#[test]
fn inv_01_an_orchestrators_reply_from_another_family_ends_the_run() {
    let Some(part) = Part::begin("family: another model answers for the orchestrator") else { return };
    let streams: Vec<Stream> = vec![("1", "implementation", "a.txt".into())];
    let mut play = Play::plan(&streams);
    play.turns("work.1.implementation", &["{ edit = { path = 'a.txt', content = \"made\\n\" } }, { say = 'Made.' }"]);
    // The plan is as good as any, but a smaller model wrote it.
    play.raw(
        "plan",
        "[[turn]]\nserved = 'claude-sonnet-5-5'\nusage = { input = 9, output = 9 }\nact = [{ json_file = 'files/plan.json' }]\n",
    );
    let list = tasks(1);
    let place = Place::new(&[("check.sh", "true\n"), ("todo/tasks.md", &list)], CONFIG, &play);
    let head = place.sandbox.git(&["rev-parse", "HEAD"]).unwrap();
    let ran = place.mao(&["develop", "1"]);
    assert_eq!(ran.code, Some(4), "{ran:#?}");
    let attempts = place.ledger().attempts("plan");
    let Some((model, Err((kind, hint)))) = attempts.last() else { panic!("{attempts:?}") };
    assert_eq!((model.as_str(), kind.as_str()), ("opus-5.5", "wrong_family"));
    assert!(hint.contains("claude-sonnet-5-5"), "{hint}");
    let asked: Vec<Option<String>> = place.requests().into_iter().map(|one| one.step).collect();
    assert!(asked.iter().all(|step| step.as_deref() == Some("plan")), "work was begun: {asked:?}");
    assert_eq!(place.sandbox.git(&["rev-parse", "HEAD"]).unwrap(), head);
    assert_eq!(place.ledger().events.iter().filter(|event| event["event"] == "merged").count(), 0);
    part.note(&format!("wrong family ({hint}), exit 4, {} request(s)", asked.len()));
}
