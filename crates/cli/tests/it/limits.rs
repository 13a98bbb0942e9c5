//! What a run may take in all, what follows what, and what the next model is given: through the whole binary.

use crate::shop::{Shop, ran};
use mao_core::event::{AttemptResult, Event};
use mao_core::ids::BlobId;
use mao_store::Blobs;
use mao_store::sqlite::SqliteStore;

/// The events of the only run.
fn events(shop: &Shop) -> Vec<Event> {
    let runs = std::fs::read_dir(shop.state().join("runs")).unwrap();
    let names: Vec<String> = runs.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let [run] = &names[..] else { panic!("one run: {names:?}") };
    shop.ledger(run).into_iter().map(|recorded| recorded.event).collect()
}

/// How many attempts were acknowledged, and how many of them more than once a step.
fn ended(shop: &Shop) -> (usize, usize) {
    let mut steps: Vec<String> = events(shop)
        .into_iter()
        .filter_map(|event| {
            let Event::AttemptEnded { step, .. } = event else { return None };
            Some(step.to_string())
        })
        .collect();
    let all = steps.len();
    steps.sort();
    steps.dedup();
    (all, all - steps.len())
}

fn text(shop: &Shop, blob: &BlobId) -> String {
    String::from_utf8(SqliteStore::open(&shop.state()).unwrap().get(blob).unwrap()).unwrap()
}

#[test]
fn fbk_08_a_run_at_its_limit_waits_with_its_work_and_goes_on_when_it_is_raised() {
    let shop = Shop::greeting("exit 0\n");
    let stops = ran(shop.develop("1").args(["--max-attempts", "2"]));
    assert_eq!(stops.code, Some(7), "{}", stops.stderr);
    let waits = "waits for a higher limit: 2 attempts are made (--max-attempts)";
    assert!(stops.stdout.contains(waits), "{}", stops.stdout);
    assert!(stops.stdout.contains("go on: mao resume") && !stops.stdout.contains("mao answer"), "{}", stops.stdout);
    assert_eq!(ended(&shop), (2, 0));
    for words in [&["resume"][..], &["resume", "--max-attempts", "2"]] {
        let again = shop.mao(words);
        assert_eq!(again.code, Some(7), "{words:?}: {}", again.stderr);
        assert!(again.stdout.contains(waits), "{}", again.stdout);
    }
    let wrong = shop.mao(&["resume", "--max-cost", "much"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    let goes_on = shop.mao(&["resume", "--max-attempts", "20"]);
    assert_eq!(goes_on.code, Some(0), "{}", goes_on.stderr);
    assert!(goes_on.stderr.contains("new limits: 20 attempts"), "{}", goes_on.stderr);
    assert_eq!(ended(&shop), (4, 0), "nothing that was done is done again");
}

#[test]
fn fbk_08_money_stops_no_attempt_in_its_middle_and_no_other_starts() {
    let mut shop = Shop::greeting("exit 0\n");
    let script = std::fs::read_to_string(shop.script.join("plan.toml")).unwrap();
    shop.play(
        "plan",
        &script.replace("[[turn]]", "[[turn]]\nusage = { input = 900, output = 100, micro_usd = 1250000 }"),
    );
    let stops = ran(shop.develop("1").args(["--max-cost", "0.50"]));
    assert_eq!(stops.code, Some(7), "{}", stops.stderr);
    assert!(
        stops.stdout.contains("waits for a higher limit: $1.25 of $0.50 are spent (--max-cost)"),
        "{}",
        stops.stdout
    );
    let answered = events(&shop).into_iter().any(|event| {
        matches!(event, Event::AttemptEnded { step, result: AttemptResult::Answered(_), .. } if step.as_str() == "plan")
    });
    assert!(answered, "the plan came to its end and counts");
    let goes_on = shop.mao(&["resume", "--max-cost", "5"]);
    assert_eq!(goes_on.code, Some(0), "{}", goes_on.stderr);
    let shown = shop.mao(&["show"]);
    assert!(shown.stdout.contains("cost at list prices: $1.25\n"), "{}", shown.stdout);
}

/// A shop whose worker leaves something and refuses; the next model writes the file.
fn unfinished(config: &str) -> Shop {
    let mut shop = Shop::greeting("exit 0\n");
    let file = shop.sandbox.home().join(".config/mao/multi-model.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{before}{config}")).unwrap();
    shop.play(
        "work.1.tests",
        "[[turn]]\nusage = { input = 40, output = 2 }\n\
         act = [{ edit = { path = \"hello.txt\", content = \"half done\\n\" } }, { fault = { kind = \"refused\" } }]\n\n\
         [[turn]]\nact = [{ edit = { path = \"hello.txt\", content = \"hello\\n\" } }, { say = \"hello\" }]\n",
    );
    shop.play("judge.1.tests.2", "[[turn]]\nact = [{ json = { accept = true, findings = [] } }]\n");
    let ran = ran(&mut shop.develop("1"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    shop
}

/// The prompts and bases of the workstream's attempts, and the commit that the first one left.
fn attempts(shop: &Shop) -> (Vec<(String, String)>, String) {
    let events = events(shop);
    let of_work = |step: &mao_core::ids::StepId| step.as_str() == "work.1.tests";
    let started = events.iter().filter_map(|event| {
        let Event::AttemptStarted { step, prompt, base, .. } = event else { return None };
        of_work(step).then(|| (text(shop, prompt), base.to_string()))
    });
    let left = events.iter().find_map(|event| {
        let Event::AttemptEnded { step, loss: Some(loss), .. } = event else { return None };
        loss.partial.clone().filter(|_| of_work(step))
    });
    (started.collect(), left.unwrap().commit.to_string())
}

#[test]
fn fbk_07_the_next_model_begins_clean_and_what_was_left_is_kept() {
    let shop = unfinished("");
    let (attempts, left) = attempts(&shop);
    let [(_, first), (prompt, second)] = &attempts[..] else { panic!("two attempts: {}", attempts.len()) };
    assert_eq!(first, second, "both start from the same commit");
    assert!(!prompt.contains("half done") && !prompt.contains("refused"), "{prompt}");
    let repo = std::fs::read_dir(shop.state().join("runs")).unwrap().next().unwrap().unwrap().path().join("repo.git");
    let shown = std::process::Command::new("git")
        .env("GIT_DIR", &repo)
        .args(["show", "refs/mao/salvage/work.1.tests-1:hello.txt"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&shown.stdout), "half done\n", "{}", String::from_utf8_lossy(&shown.stderr));
    let logs = shop.mao(&["logs", "fallback"]);
    assert_eq!(logs.code, Some(0), "{}", logs.stderr);
    for part in ["Test generation: fallback from ", "(refused)", "42 tokens lost", &format!("left {}", &left[..12])] {
        assert!(logs.stdout.contains(part), "{part}: {}", logs.stdout);
    }
}

#[test]
fn fbk_07_a_packet_hands_over_the_diff_as_text_and_never_the_tree() {
    let shop = unfinished("\n[fallback]\nhandover = \"packet\"\n");
    let (attempts, _) = attempts(&shop);
    let [(_, first), (prompt, second)] = &attempts[..] else { panic!("two attempts: {}", attempts.len()) };
    assert_eq!(first, second, "both start from the same commit");
    assert!(prompt.contains("refused") && prompt.contains("+half done"), "{prompt}");
}

/// One day in November 2026, in milliseconds.
fn november(day: u64) -> u64 {
    let first: mao_core::day::Day = "2026-11-01".parse().unwrap();
    first.begins().0 + (day - 1) * 86_400_000 + 1
}

#[test]
fn fbk_08_all_runs_of_a_month_wait_at_its_limit_until_it_is_raised_or_over() {
    let mut shop = Shop::greeting("exit 0\n");
    let script = std::fs::read_to_string(shop.script.join("plan.toml")).unwrap();
    let dear = "[[turn]]\nusage = { input = 900, output = 100, micro_usd = 3000000 }";
    shop.play("plan", &script.replace("[[turn]]", dear));
    let file = shop.sandbox.home().join(".config/mao/multi-model.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    let month = |usd: &str| std::fs::write(&file, format!("{config}[budgets]\nmonth_usd = {usd}\n")).unwrap();
    let on = |day: u64, words: &[&str]| {
        let mut command = if words.is_empty() { shop.develop("1") } else { shop.command(words) };
        ran(command.env("MAO_TEST_CLOCK", november(day).to_string()))
    };
    month("5.00");
    let first = on(2, &[]);
    assert_eq!(first.code, Some(0), "$3 of $5: {}{}", first.stdout, first.stderr);
    let second = on(3, &[]);
    assert_eq!(second.code, Some(7), "{}{}", second.stdout, second.stderr);
    let waits = "waits for a higher limit: $6.00 of $5.00 are spent this month (budgets.month_usd)";
    assert!(second.stdout.contains(waits), "{}", second.stdout);
    // What others spent is not in its recording, and yet it is decided again in the same way.
    let replayed = shop.mao(&["replay"]);
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.stdout, replayed.stderr);
    let still = on(4, &["resume"]);
    assert_eq!(still.code, Some(7), "{}{}", still.stdout, still.stderr);
    month("10.00");
    let raised = on(5, &["resume"]);
    assert_eq!(raised.code, Some(0), "{}{}", raised.stdout, raised.stderr);
    month("6.00");
    let third = on(6, &[]);
    assert_eq!(third.code, Some(7), "nothing more starts: {}{}", third.stdout, third.stderr);
    assert!(!third.stdout.contains("Plan"), "not even its plan: {}", third.stdout);
    let december = on(31, &["resume"]);
    assert_eq!(december.code, Some(0), "a new month begins: {}{}", december.stdout, december.stderr);
}
