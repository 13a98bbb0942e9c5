//! Contests: `mao resolve` from outside, with real git, real tests and, where a model is asked, a scripted one.

use crate::shop::Shop;
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

fn report(ran: &Ran, code: i32) -> String {
    assert_eq!(ran.code, Some(code), "{}\n{}", ran.stdout, ran.stderr);
    ran.stdout.clone()
}

#[test]
fn dis_02_the_candidate_that_passes_is_taken_and_nobody_is_asked() {
    let shop = repository(Some(CASE));
    branch(&shop, "right", &[("slug.sh", RIGHT)]);
    branch(&shop, "wrong", &[("slug.sh", WRONG)]);
    let ran = shop.mao(&["resolve", "wrong", "right", "--tests", COMMAND]);
    let said = report(&ran, 0);
    assert!(said.contains("Rule: only one passes"), "{said}");
    assert!(said.contains("right") && said.contains("green, green, green") && said.contains("red, red, red"), "{said}");
    let runs = shop.mao(&["runs", "--json"]);
    assert!(runs.stdout.contains("complete"), "{}", runs.stdout);
}

#[test]
fn dis_02_golden_11_one_passes_both_pass_none_passes_by_blinded_labels() {
    let shop = repository(Some(CASE));
    branch(&shop, "short", &[("slug.sh", RIGHT)]);
    branch(&shop, "long", &[("slug.sh", LONG)]);
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
    let script = shop.script.to_string_lossy().into_owned();
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
    let mut shop = repository(None);
    branch(&shop, "right", &[("slug.sh", RIGHT)]);
    branch(&shop, "wrong", &[("slug.sh", WRONG)]);
    let refused = shop.mao(&["resolve", "wrong", "right"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("--task"), "{}", refused.stderr);
    let case = CASE.replace('\n', "\\n").replace('"', "\\\"");
    shop.play(
        "tests",
        &format!(
            "[[turn]]\nexpects = [\"small letters\"]\nlacks = [\"a-z-\", \"slug()\", \"tr \"]\nact = [{{ edit = {{ path = \"tests/neutral_test.sh\", content = \"{case}\" }} }}, {{ say = \"It demands small letters.\" }}]\n"
        ),
    );
    let script = shop.script.to_string_lossy().into_owned();
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
    let branch = ran.stdout.lines().find_map(|line| line.split("branch   ").nth(1)).unwrap();
    let kept = shop.sandbox.git(&["show", &format!("{branch}:tests/neutral_test.sh")]).unwrap();
    assert!(kept.contains("two-words"), "the tests land with the winner");
}

#[test]
fn dis_10_patches_are_applied_by_mao_and_the_checkout_stays_as_it_is() {
    let shop = repository(Some(CASE));
    branch(&shop, "right", &[("slug.sh", RIGHT)]);
    branch(&shop, "wrong", &[("slug.sh", WRONG)]);
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
    let branch = said.lines().find_map(|line| line.split("branch   ").nth(1)).unwrap();
    let message = shop.sandbox.git(&["log", "-1", "--format=%B", &format!("{branch}~1")]).unwrap();
    assert!(message.contains("Decided-By: only one passes"), "{message}");
    let bad = shop.mao(&["resolve", "wrong", "README.md", "--tests", COMMAND]);
    assert_eq!(bad.code, Some(2), "{}", bad.stderr);
    assert!(bad.stderr.contains("does not apply"), "{}", bad.stderr);
}

#[test]
fn dis_04_a_design_is_picked_where_it_can_be_taken_back_and_read_where_not() {
    let mut shop = repository(Some(CASE));
    branch(&shop, "short", &[("slug.sh", RIGHT)]);
    branch(&shop, "long", &[("slug.sh", LONG)]);
    let task = ["--task", "How slugs are made", "--design"];
    let said = report(&shop.mao(&[&["resolve", "long", "short"], &task[..], &["reversible"]].concat()), 0);
    assert!(said.contains("Rule: reversible design"), "{said}");
    let branch = said.lines().find_map(|line| line.split("branch   ").nth(1)).unwrap();
    let files = shop.sandbox.git(&["ls-tree", "-r", "--name-only", branch]).unwrap();
    assert!(files.lines().any(|path| path.starts_with("docs/adr/")), "{files}");
    shop.play(
        "judge.contest",
        "[[turn]]\nact = [{ json = { winner = \"B\", rationale = \"Easier to change later.\", patterns = \"B\" } }]\n",
    );
    let script = shop.script.to_string_lossy().into_owned();
    let words = [&["resolve", "long", "short"], &task[..], &["irreversible", "--script", &script]].concat();
    let said = report(&shop.mao(&words), 0);
    assert!(said.contains("Rule: irreversible design") && said.contains("**B is taken.**"), "{said}");
}

#[test]
fn rte_12_a_team_of_one_model_competes_on_request_capped_and_losers_are_archived() {
    let mut shop = repository(None);
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
    let edit = |path: &str, text: &str| {
        format!(
            "[[turn]]\nact = [{{ edit = {{ path = \"{path}\", content = \"{}\" }} }}, {{ say = \"done\" }}]\n",
            quoted(text)
        )
    };
    shop.play("try.1", &edit("slug.sh", WRONG));
    shop.play("try.2", &edit("slug.sh", LONG));
    shop.play("try.3", &edit("slug.sh", RIGHT));
    shop.play("tests", &edit("tests/neutral_test.sh", CASE));
    let script = shop.script.to_string_lossy().into_owned();
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
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
    let edit = |path: &str, text: &str| {
        format!(
            "[[turn]]\nact = [{{ edit = {{ path = \"{path}\", content = \"{}\" }} }}, {{ say = \"done\" }}]\n",
            quoted(text)
        )
    };
    shop.play("try.1", &edit("slug.sh", LONG));
    shop.play("try.2", &edit("slug.sh", RIGHT));
    shop.play("tests", &edit("tests/neutral_test.sh", CASE));
    shop.play(
        "judge.try.2",
        "[[turn]]\nlacks = [\"gpt\", \"try.1\"]\nact = [{ json = { accept = true, findings = [] } }]\n",
    );
    let script = shop.script.to_string_lossy().into_owned();
    let task = "Words in small letters, joined by dashes";
    let ran = shop.mao(&["compete", task, "--models", "opus-5.5,gpt-6.1-sol", "--script", &script]);
    let said = report(&ran, 0);
    assert!(said.contains("Rule: simpler") && said.contains("try.2 (gpt-6.1-sol)"), "{said}");
    let events = shop.mao(&["logs", "--json"]);
    assert!(events.stdout.contains("change_judged") || events.stdout.contains("judged"), "{}", events.stdout);
}
