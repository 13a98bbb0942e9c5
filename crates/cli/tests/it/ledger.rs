//! What the ledger holds is enough: every call is recorded whole, before and after it is made; the report is made again
//! from it, byte for byte; and what came of each model at each kind of work is a question to it.

use crate::shop::{RUN, Shop, ran};
use mao_core::event::{AttemptResult, Event, Recorded};
use mao_core::run::RunState;
use mao_policy::Policy;
use mao_store::Blobs;
use mao_store::sqlite::SqliteStore;
use std::collections::BTreeMap;

fn finished() -> (Shop, Vec<Recorded>, SqliteStore) {
    let shop = Shop::new();
    let whole = ran(&mut shop.develop("1,2"));
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    let events = shop.ledger(RUN);
    let store = SqliteStore::open(&shop.state()).unwrap();
    (shop, events, store)
}

#[test]
fn log_01_every_call_is_recorded_whole_before_and_after() {
    let (_shop, events, store) = finished();
    let mut routes = BTreeMap::new();
    let mut out = BTreeMap::new();
    let mut calls = 0;
    for recorded in &events {
        if let Event::Routed { step, route } = &recorded.event {
            routes.insert(step.clone(), route.clone());
        } else if let Event::AttemptStarted { step, attempt, link, prompt, session, .. } = &recorded.event {
            let link = &routes[step].links[*link];
            assert!(!link.endpoint.is_empty() && !link.why.is_empty(), "{step}: which model, and why it");
            let prompt = String::from_utf8(store.get(prompt).unwrap()).unwrap();
            assert!(prompt.contains(&format!("[mao step {step} attempt ")), "{prompt}");
            assert_eq!(session.len(), 36);
            assert!(out.insert((step.clone(), *attempt), recorded.at).is_none(), "its intent is recorded once");
        } else if let Event::AttemptEnded { step, attempt, result, transcript, containment, .. } = &recorded.event {
            let began = out.remove(&(step.clone(), *attempt)).expect("its intent came first");
            assert!(recorded.at >= began);
            assert!(!containment.is_empty(), "{step}: what contained it");
            assert!(!store.get(transcript.as_ref().expect("a transcript")).unwrap().is_empty());
            if let AttemptResult::Answered(answer) = result {
                store.get(&answer.text).unwrap();
                assert!(answer.served.is_some(), "{step}: who served it");
                if let Some(change) = &answer.change {
                    assert!(store.get(&change.diff).unwrap().starts_with(b"diff --git"));
                }
            }
            calls += 1;
        } else if let Event::Verified { verification, .. } = &recorded.event {
            for check in &verification.checks {
                store.get(&check.log).unwrap();
                assert!(!check.command.is_empty());
            }
        }
    }
    assert!(out.is_empty(), "every intent has its outcome: {out:?}");
    assert!(calls > 20, "{calls}");
}

#[test]
fn log_02_the_report_is_made_again_from_the_ledger_byte_for_byte() {
    let (shop, events, store) = finished();
    let reported = events.iter().position(|recorded| matches!(recorded.event, Event::Reported { .. })).unwrap();
    let state = RunState::fold(&events[..reported]).unwrap().unwrap();
    let policy: Policy = serde_json::from_slice(&store.get(&state.opened.policy).unwrap()).unwrap();
    let workflow = mao_workflows::find(&state.opened.workflow).unwrap();
    let read = |blob| (store.get(&blob), blob);
    let texts = workflow.reads(&state).into_iter().map(read);
    let texts = texts.map(|(text, blob)| (blob, String::from_utf8(text.unwrap()).unwrap())).collect();
    let files = workflow.report(&policy, &state, &texts);
    assert_eq!(files.len(), 3, "for people, for programs, and the ticked task list");
    let branch = format!("mao/{}", &RUN[..8]);
    for file in files {
        let named = format!("{branch}:{}", file.path);
        let there = ran(shop.sandbox.command("git").args(["cat-file", "blob", &named]));
        assert_eq!(there.stdout, file.text, "{}", file.path);
    }
}

#[test]
fn log_03_what_came_of_each_model_at_each_kind_of_work_is_kept() {
    let (shop, events, _) = finished();
    let told = shop.mao(&["models", "outcomes", "--json"]);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    let rows: Vec<serde_json::Value> = told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |events: &[Recorded], of: fn(&AttemptResult) -> bool| {
        let ended = events
            .iter()
            .filter(|recorded| matches!(&recorded.event, Event::AttemptEnded { result, .. } if of(result)));
        ended.count() as u64
    };
    let sum = |key: &str| -> u64 { rows.iter().map(|row| row[key].as_u64().unwrap()).sum() };
    let sums = |key: &str| -> u64 {
        let counts = rows.iter().flat_map(|row| row[key].as_object().unwrap().values());
        counts.map(|count| count.as_u64().unwrap()).sum()
    };
    assert_eq!(sum("attempts"), count(&events, |_| true));
    assert_eq!(sums("failed"), count(&events, |result| matches!(result, AttemptResult::Failed(_))));
    assert_eq!(sum("stood") + sums("refused"), count(&events, |result| matches!(result, AttemptResult::Answered(_))));
    assert!(sums("failed") > 0 && sums("refused") > 0 && sum("stood") > 0, "{rows:?}");
    let silent = rows.iter().find(|row| row["failed"]["timeout"] == 1).unwrap();
    assert!(silent["scripted"] == true && silent["task"].is_string(), "{silent}");

    let shown = shop.mao(&["models", "outcomes"]);
    let row = shown.stdout.lines().find(|line| line.contains("1 timeout")).unwrap();
    assert!(row.contains("(scripted)"), "{row}");
    let nobody = Shop::new().mao(&["models", "outcomes"]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (Some(0), ""), "{}", nobody.stderr);
}
