//! Contests: `mao resolve` from outside, with real git, real tests and, where a model is asked, a scripted one.

use crate::shop::{RUN, Shop};
use mao_config::locate::PROJECT_FILE;
use mao_core::event::Event;
use mao_testkit::sandbox::Ran;

const SLUG: &str = "slug() {\n    echo \"$1\"\n}\n";
const CASE: &str = ". ./slug.sh\nfound=$(slug \"Two Words\")\n[ \"$found\" = \"two-words\" ] && exit 0\necho \"expected two-words, found $found\"\nexit 1\n";
const ALL: &str = "for one in tests/*_test.sh; do\n    sh \"$one\" || exit 1\ndone\n";
const COMMAND: &str = "sh tests/all.sh";

/// A repository with a function that does nothing yet, and its test.
fn repository(test: Option<&str>) -> Shop {
    let mut files = vec![("slug.sh", SLUG), ("README.md", "Names.\n"), ("tests/all.sh", ALL)];
    files.extend(test.map(|test| ("tests/slug_test.sh", test)));
    Shop::with(&files, &format!("[engine]\nverify = [\"{COMMAND}\"]\n"))
}

/// A branch whose `slug.sh` is this.
fn branch(shop: &Shop, name: &str, files: &[(&str, &str)]) {
    let git = |words: &[&str]| shop.sandbox.git(words).unwrap();
    git(&["checkout", "-q", "-b", name]);
    for (path, text) in files {
        shop.sandbox.write(path, text).unwrap();
    }
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", name]);
    git(&["checkout", "-q", "-"]);
}

const RIGHT: &str = "slug() {\n    echo \"$1\" | tr \"A-Z \" \"a-z-\"\n}\n";
const LONG: &str = "slug() {\n    small=$(echo \"$1\" | tr \"A-Z\" \"a-z\")\n    joined=$(echo \"$small\" | tr \" \" \"-\")\n    echo \"$joined\"\n}\n";
const WRONG: &str = "slug() {\n    echo \"$1\" | tr \" \" \"-\"\n}\n";

/// A turn in which a model leaves this file.
fn edit(path: &str, text: &str) -> String {
    let quoted = text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
    format!("[[turn]]\nact = [{{ edit = {{ path = \"{path}\", content = \"{quoted}\" }} }}, {{ say = \"done\" }}]\n")
}

/// A repository with these branches, each with its own `slug.sh`.
fn duel(test: Option<&str>, sides: [(&str, &str); 2]) -> Shop {
    let shop = repository(test);
    sides.into_iter().for_each(|(name, text)| branch(&shop, name, &[("slug.sh", text)]));
    shop
}

fn script(shop: &Shop) -> String {
    shop.script.to_string_lossy().into_owned()
}

/// The run's branch, as the report names it.
fn published(said: &str) -> &str {
    said.lines().find_map(|line| line.split("branch   ").nth(1)).unwrap()
}

fn report(ran: &Ran, code: i32) -> String {
    assert_eq!(ran.code, Some(code), "{}\n{}", ran.stdout, ran.stderr);
    ran.stdout.clone()
}

#[test]
fn dis_02_the_candidate_that_passes_is_taken_and_nobody_is_asked() {
    let shop = duel(Some(CASE), [("right", RIGHT), ("wrong", WRONG)]);
    let ran = shop.mao(&["resolve", "wrong", "right", "--tests", COMMAND]);
    let said = report(&ran, 0);
    assert!(said.contains("Rule: only one passes"), "{said}");
    assert!(said.contains("right") && said.contains("green, green, green") && said.contains("red, red, red"), "{said}");
    let runs = shop.mao(&["runs", "--json"]);
    assert!(runs.stdout.contains("complete"), "{}", runs.stdout);
}

#[test]
fn dis_02_golden_11_one_passes_both_pass_none_passes_by_blinded_labels() {
    let shop = duel(Some(CASE), [("short", RIGHT), ("long", LONG)]);
    let said = report(&shop.mao(&["resolve", "long", "short"]), 0);
    assert!(said.contains("Rule: simpler") && said.contains("lines against"), "{said}");
    assert!(said.contains("speaks of slug.sh"), "the repository's own test covers it: {said}");
    // A dependency weighs more than any number of lines.
    branch(&shop, "dependent", &[("slug.sh", RIGHT), ("requirements.txt", "python-slugify==8\n")]);
    let said = report(&shop.mao(&["resolve", "long", "dependent"]), 0);
    assert!(said.contains("0 new dependencies against 1"), "{said}");

    let mut shop = repository(Some(CASE));
    branch(&shop, "one", &[("slug.sh", WRONG)]);
    branch(&shop, "two", &[("slug.sh", "slug() {\n    echo \"$1\" | tr A-Z a-z\n}\n")]);
    shop.play(
        "judge.contest",
        "[[turn]]\nexpects = [\"A, B\", \"expected two-words\", \"None of them passes\"]\nlacks = [\"one.patch\", \"branch\"]\nact = [{ json = { winner = \"A\", rationale = \"It joins the words.\", patterns = \"A\" } }]\n",
    );
    let script = script(&shop);
    let ran = shop.mao(&["resolve", "one", "two", "--script", &script]);
    let said = report(&ran, 1);
    assert!(said.contains("Nobody is taken") && said.contains("judged for A"), "{said}");
    assert!(said.contains("## Who they were") && said.contains("one") && said.contains("two"), "{said}");
}

#[test]
fn dis_07_who_touches_the_tests_is_out_whatever_passes() {
    let shop = repository(Some(CASE));
    branch(&shop, "honest", &[("slug.sh", LONG)]);
    let soft = CASE.replace("two-words", "Two-Words");
    branch(&shop, "cheat", &[("slug.sh", WRONG), ("tests/slug_test.sh", &soft)]);
    let said = report(&shop.mao(&["resolve", "cheat", "honest"]), 0);
    assert!(said.contains("disqualified: tests/slug_test.sh was edited"), "{said}");
    let told = "slug() {\n    if [ \"$1\" = \"Two Words\" ]; then echo \"two-words\"; fi\n}\n";
    branch(&shop, "answers", &[("slug.sh", told)]);
    let said = report(&shop.mao(&["resolve", "answers", "honest"]), 0);
    assert!(said.contains("disqualified: slug.sh: the answer to a test is written into it"), "{said}");
    let said = report(&shop.mao(&["resolve", "answers", "cheat"]), 6);
    assert!(said.contains("Rule: nobody left"), "{said}");
}

#[test]
fn dis_03_without_a_test_neutral_ones_come_first_and_their_author_sees_the_task_alone() {
    let mut shop = duel(None, [("right", RIGHT), ("wrong", WRONG)]);
    let refused = shop.mao(&["resolve", "wrong", "right"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("--task"), "{}", refused.stderr);
    let asked = "[[turn]]\nexpects = [\"small letters\"]\nlacks = [\"a-z-\", \"slug()\", \"tr \"]\n";
    shop.play("tests", &edit("tests/neutral_test.sh", CASE).replacen("[[turn]]\n", asked, 1));
    let script = script(&shop);
    let ran = shop.mao(&[
        "resolve",
        "wrong",
        "right",
        "--task",
        "Words in small letters, joined by dashes",
        "--script",
        &script,
    ]);
    let said = report(&ran, 0);
    assert!(said.contains("Rule: only one passes") && said.contains("locked: `tests/neutral_test.sh`"), "{said}");
    assert!(said.contains("they tell candidates apart") && said.contains("on the base they are red"), "{said}");
    let branch = published(&ran.stdout);
    let kept = shop.sandbox.git(&["show", &format!("{branch}:tests/neutral_test.sh")]).unwrap();
    assert!(kept.contains("two-words"), "the tests land with the winner");
}

#[test]
fn dis_10_patches_are_applied_by_mao_and_the_checkout_stays_as_it_is() {
    let shop = duel(Some(CASE), [("right", RIGHT), ("wrong", WRONG)]);
    for name in ["right", "wrong"] {
        let patch = shop.sandbox.git(&["diff", "main", name]).unwrap();
        std::fs::write(shop.sandbox.work().join(format!("{name}.patch")), patch + "\n").unwrap();
    }
    shop.sandbox.git(&["branch", "-q", "-D", "right"]).unwrap();
    let before = shop.sandbox.git(&["status", "--porcelain"]).unwrap();
    let said = report(&shop.mao(&["resolve", "wrong", "right.patch", "--tests", COMMAND]), 0);
    assert!(said.contains("right.patch"), "{said}");
    assert_eq!(shop.sandbox.git(&["status", "--porcelain"]).unwrap(), before);
    assert_eq!(std::fs::read_to_string(shop.sandbox.work().join("slug.sh")).unwrap(), SLUG);
    let branch = published(&said);
    let message = shop.sandbox.git(&["log", "-1", "--format=%B", &format!("{branch}~1")]).unwrap();
    assert!(message.contains("Decided-By: only one passes"), "{message}");
    let bad = shop.mao(&["resolve", "wrong", "README.md", "--tests", COMMAND]);
    assert_eq!(bad.code, Some(2), "{}", bad.stderr);
    assert!(bad.stderr.contains("does not apply"), "{}", bad.stderr);
}

#[test]
fn dis_04_a_design_is_picked_where_it_can_be_taken_back_and_read_where_not() {
    let mut shop = duel(Some(CASE), [("short", RIGHT), ("long", LONG)]);
    let task = ["--task", "How slugs are made", "--design"];
    let said = report(&shop.mao(&[&["resolve", "long", "short"], &task[..], &["reversible"]].concat()), 0);
    assert!(said.contains("Rule: reversible design"), "{said}");
    let branch = published(&said);
    let files = shop.sandbox.git(&["ls-tree", "-r", "--name-only", branch]).unwrap();
    assert!(files.lines().any(|path| path.starts_with("docs/adr/")), "{files}");
    shop.play(
        "judge.contest",
        "[[turn]]\nact = [{ json = { winner = \"B\", rationale = \"Easier to change later.\", patterns = \"B\" } }]\n",
    );
    let script = script(&shop);
    let words = [&["resolve", "long", "short"], &task[..], &["irreversible", "--script", &script]].concat();
    let said = report(&shop.mao(&words), 0);
    assert!(said.contains("Rule: irreversible design") && said.contains("**B is taken.**"), "{said}");
}

#[test]
fn rte_12_a_team_of_one_model_competes_on_request_capped_and_losers_are_archived() {
    let mut shop = repository(None);
    shop.play("try.1", &edit("slug.sh", WRONG));
    shop.play("try.2", &edit("slug.sh", LONG));
    shop.play("try.3", &edit("slug.sh", RIGHT));
    shop.play("tests", &edit("tests/neutral_test.sh", CASE));
    let script = script(&shop);
    let words = ["compete", "Words in small letters, joined by dashes", "--script", &script, "--models"];
    let team = "sonnet-5.5,sonnet-5.5,sonnet-5.5";
    let ran = shop.mao(&[&words[..], &[team, "--max-parallel", "2"]].concat());
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("at most 2"), "{}", ran.stderr);
    let said = report(&shop.mao(&[&words[..], &[team]].concat()), 0);
    assert!(said.contains("Rule: simpler") && said.contains("try.3 (sonnet-5.5)"), "{said}");
    assert!(said.contains("written by opus-5.5"), "nobody who competes writes the tests: {said}");
    let kept = shop.sandbox.git(&["for-each-ref", "--format=%(refname)", "refs/mao/salvage"]).unwrap();
    assert!(kept.contains("/try.1") && kept.contains("/try.2") && !kept.contains("/try.3"), "{kept}");
}

#[test]
fn inv_04_a_winner_from_outside_is_chosen_by_tests_and_enters_with_a_verdict() {
    let mut shop = repository(None);
    shop.play("try.1", &edit("slug.sh", LONG));
    shop.play("try.2", &edit("slug.sh", RIGHT));
    shop.play("tests", &edit("tests/neutral_test.sh", CASE));
    shop.play(
        "judge.try.2",
        "[[turn]]\nlacks = [\"gpt\", \"try.1\"]\nact = [{ json = { accept = true, findings = [] } }]\n",
    );
    let script = script(&shop);
    let task = "Words in small letters, joined by dashes";
    let ran = shop.mao(&["compete", task, "--models", "opus-5.5,gpt-6.1-sol", "--script", &script]);
    let said = report(&ran, 0);
    assert!(said.contains("Rule: simpler") && said.contains("try.2 (gpt-6.1-sol)"), "{said}");
    let events = shop.mao(&["logs", "--json"]);
    assert!(events.stdout.contains("change_judged") || events.stdout.contains("judged"), "{}", events.stdout);
}

#[test]
fn inv_04_the_commands_of_the_configuration_decide_and_say_the_same_in_a_plain_clone() {
    let mut shop = duel(Some(CASE), [("right", RIGHT), ("wrong", WRONG)]);
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    // What a candidate says of the commands itself is no input.
    branch(&shop, "lax", &[("slug.sh", WRONG), (PROJECT_FILE, "[engine]\nverify = [\"true\"]\n")]);
    let said = report(&shop.mao(&["resolve", "wrong", "lax", "right"]), 0);
    assert!(said.contains("Rule: only one passes") && said.contains(&format!("command: `{COMMAND}`")), "{said}");
    let mut recorded = Vec::new();
    for one in shop.ledger(RUN) {
        let Event::Probed { step, verification, .. } = one.event else { continue };
        let commands: Vec<&str> = verification.checks.iter().map(|check| check.command.as_str()).collect();
        assert_eq!(commands, [COMMAND], "{step}");
        recorded.push(verification.checks[0].exit);
    }
    assert_eq!(recorded.len(), 10, "three times on each, and on the base");
    // The same commands in a clone, without anything of this program: what a CI would see.
    let clone = shop.sandbox.root().join("clone");
    let work = shop.sandbox.work();
    shop.sandbox.git(&["clone", "-q", &work.to_string_lossy(), &clone.to_string_lossy()]).unwrap();
    let mut plain = Vec::new();
    for branch in ["right", "wrong", "lax", "main"] {
        let place = clone.to_string_lossy().into_owned();
        shop.sandbox.git(&["-C", &place, "checkout", "-q", &format!("origin/{branch}")]).unwrap();
        let mut words = COMMAND.split(' ');
        let mut command = std::process::Command::new(words.next().unwrap());
        command.args(words).current_dir(&clone).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        let exit = command.output().unwrap().status.code();
        plain.extend(vec![exit; if branch == "main" { 1 } else { 3 }]);
    }
    recorded.sort_unstable();
    plain.sort_unstable();
    assert_eq!(recorded, plain);
}

#[test]
fn dis_08_a_judge_of_its_own_work_has_a_session_of_its_own_and_sees_no_name() {
    let mut shop = duel(Some(CASE), [("short", RIGHT), ("long", LONG)]);
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    let git = |words: &[&str]| shop.sandbox.git(words).unwrap();
    git(&["checkout", "-q", "short"]);
    git(&["commit", "-q", "--amend", "-m", "Shorter\n\nServed-By: claude-opus-5-5"]);
    git(&["checkout", "-q", "-"]);
    let judged = "[[turn]]\nlacks = [\"short\", \"long\", \"opus\", \"Served-By\"]\nact = [{ json = { winner = \"B\", rationale = \"It is plain.\", patterns = \"A\" } }]\n";
    shop.play("judge.contest", judged);
    let script = script(&shop);
    let task = ["--task", "How slugs are made", "--design", "irreversible", "--script", &script];
    let said = report(&shop.mao(&[&["resolve", "long", "short"], &task[..]].concat()), 0);
    assert!(said.contains("which saw labels and no name; the same model made a candidate"), "{said}");
    assert!(said.contains("short (claude-opus-5-5)"), "revealed afterwards: {said}");
    let mut sessions = Vec::new();
    for one in shop.ledger(RUN) {
        if let Event::AttemptStarted { step, session, .. } = one.event {
            sessions.push((step.to_string(), session));
        }
    }
    let of = |step: &str| sessions.iter().filter(|(of, _)| of == step).map(|(_, id)| id.clone()).collect::<Vec<_>>();
    let judge = of("judge.contest");
    assert_eq!(judge.len(), 1, "{sessions:?}");
    assert_eq!(sessions.iter().filter(|(_, id)| *id == judge[0]).count(), 1, "no session goes on as a judge");
    assert!(said.contains(&judge[0][..8]), "{said}");
}
