//! `mao doctor` with command lines that are small scripts: what it finds, what it calls wrong, which command it names,
//! and that it prints no secret. What depends on the machine (git, disk, kernel) is looked at apart.

use super::{drawn, greeting, json_lines};
use crate::shop::{Shop, ran};
use expect_test::expect;
use mao_providers::cli::PROBES;
use mao_testkit::sandbox::Ran;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What must never be printed.
const SECRET: &str = "sk-very-secret-4711";

/// A fake command line.
struct Fake<'a> {
    name: &'a str,
    version: &'a str,
    /// Listed by its help; otherwise all that are used.
    without: &'a [&'a str],
    /// What it says of its login, and with which code.
    login: (&'a str, i32),
}

/// The greeting in a place where PATH has git, `sh` and `true`, and nothing else.
fn bare() -> Shop {
    let mut shop = greeting();
    let tools = tools(&shop);
    std::fs::create_dir(&tools).unwrap();
    for tool in ["git", "sh", "true"] {
        let path = shop.sandbox.environment()["PATH"].split(':').map(|dir| Path::new(dir).join(tool));
        let found = path.into_iter().find(|path| path.exists()).unwrap();
        std::os::unix::fs::symlink(found, tools.join(tool)).unwrap();
    }
    shop.sandbox.set("PATH", tools.to_string_lossy());
    shop
}

fn tools(shop: &Shop) -> PathBuf {
    shop.sandbox.root().join("tools")
}

fn put(shop: &Shop, fake: &Fake<'_>) {
    let probe = PROBES.iter().find(|probe| probe.name == fake.name).unwrap();
    let flags: Vec<&str> = probe.flags.iter().map(String::as_str).filter(|flag| !fake.without.contains(flag)).collect();
    let login = probe.login.as_ref().map(|words| words.join(" ")).unwrap_or_default();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n--version) echo '{}' ;;\n'{}') echo '{}' ;;\n'{login}') echo '{}'; exit {} ;;\n\
         *) echo called >>{} ;;\nesac\n",
        fake.version,
        probe.help.join(" "),
        flags.join(" "),
        fake.login.0,
        fake.login.1,
        shop.sandbox.root().join("calls").display()
    );
    let file = tools(shop).join(fake.name);
    std::fs::write(&file, script).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn claude(version: &str) -> Fake<'_> {
    Fake {
        name: "claude",
        version,
        without: &[],
        login: (r#"{"authMethod":"claude.ai","token":"sk-very-secret-4711"}"#, 0),
    }
}

fn codex<'a>(version: &'a str, login: &'a str, code: i32) -> Fake<'a> {
    Fake { name: "codex", version, without: &[], login: (login, code) }
}

fn configure(shop: &Shop, text: &str) {
    std::fs::write(shop.sandbox.home().join(".config/mao/multi-model.toml"), text).unwrap();
}

/// What is said of these things alone.
fn about(shop: &Shop, ran: &Ran, wanted: &[&str]) -> String {
    let mut kept = String::new();
    let mut keep = false;
    for line in ran.stdout.lines() {
        if !line.starts_with("          ") {
            keep = wanted.iter().any(|what| line.get(7..).is_some_and(|rest| rest.starts_with(&format!("{what} "))));
        }
        if keep {
            kept.push_str(&line.replace(&*shop.sandbox.root().to_string_lossy(), "ROOT"));
            kept.push('\n');
        }
    }
    kept
}

fn doctor(shop: &Shop) -> Ran {
    let ran = shop.mao(&["doctor"]);
    for said in [&ran.stdout, &ran.stderr] {
        assert!(!said.contains(SECRET), "a secret was printed: {said}");
    }
    ran
}

const TOOLS: [&str; 3] = ["claude", "codex", "gemini"];

#[test]
fn ivk_03_doctor_where_everything_is_as_it_should_be() {
    let mut shop = bare();
    configure(&shop, "[models]\ncodex_enabled = true\ngemini_enabled = true\n[engine]\nverify = [\"sh check.sh\"]\n");
    put(&shop, &claude("2.1.328 (Claude Code)"));
    put(&shop, &codex("codex-cli 0.170.2", "Logged in using ChatGPT", 0));
    put(&shop, &Fake { name: "gemini", version: "0.60.1", without: &[], login: ("", 0) });
    std::fs::create_dir(shop.sandbox.home().join(".gemini")).unwrap();
    std::fs::write(shop.sandbox.home().join(".gemini/oauth_creds.json"), SECRET).unwrap();
    shop.sandbox.set("ANTHROPIC_API_KEY", SECRET);
    let ran = doctor(&shop);
    expect![[r#"
        ok     claude         2.1.328, as tested (ROOT/tools/claude)
                              signed in: a claude.ai account
                              billing: subscription: your claude.ai plan: its five-hour and weekly limits are shared with your own sessions
                              ANTHROPIC_API_KEY set, and kept from it: the API is not billed
                              flags: all 15 that are used are listed
        ok     codex          0.170.2, newer than 0.169.0, which was tested (ROOT/tools/codex)
                              signed in: a ChatGPT account
                              billing: subscription: your ChatGPT plan: its limits are shared with your own sessions
                              flags: all 10 that are used are listed
        ok     gemini         0.60.1, older than 0.61.0, which was tested (ROOT/tools/gemini)
                              signed in, as far as can be seen without a call: .gemini/oauth_creds.json is there
                              billing: subscription: your Google account's daily quota
                              flags: all 6 that are used are listed
    "#]].assert_eq(&about(&shop, &ran, &TOOLS));
    expect![[r#"
        ok     configuration  90 keys have a value, 0 warnings
                              yours: ROOT/home/.config/mao/multi-model.toml
        ok     repository     ROOT/work, branch main, 46e1d6700baa
        ok     task file      todo/tasks.md: 1 section, 1 open
        ok     checks         configured: sh check.sh
    "#]]
    .assert_eq(&about(&shop, &ran, &["configuration", "repository", "task file", "checks"]));
    let walled = ran.stdout.contains("ok     containment");
    assert_eq!(ran.code, Some(if walled { 0 } else { 1 }), "{}", ran.stdout);
    assert!(!shop.sandbox.root().join("calls").exists(), "nobody was called");
    assert!(!shop.state().exists(), "looking writes nothing");
}

#[test]
fn ivk_03_doctor_names_the_command_that_fixes_what_is_wrong() {
    let shop = bare();
    configure(&shop, "[models]\ncodex_enabled = true\n");
    let ran = doctor(&shop);
    assert_eq!(ran.code, Some(1));
    expect![[r#"
        wrong  claude         not on PATH
                              fix: npm install -g @anthropic-ai/claude-code
        wrong  codex          not on PATH
                              fix: npm install -g @openai/codex
        -      gemini         not on PATH; not enabled
                              fix: npm install -g @google/gemini-cli
    "#]]
    .assert_eq(&about(&shop, &ran, &TOOLS));

    // Not signed in; too old for a flag that is used.
    put(&shop, &Fake { name: "claude", version: "2.1.400", without: &["--effort", "--tools"], login: ("{}", 1) });
    put(&shop, &codex("codex-cli 0.168.0", "Not logged in", 1));
    expect![[r#"
        wrong  claude         2.1.400, newer than 2.1.328, which was tested (ROOT/tools/claude)
                              not signed in
                              billing: subscription: your claude.ai plan: its five-hour and weekly limits are shared with your own sessions
                              flags: --tools, --effort not listed
                              fix: npm install -g @anthropic-ai/claude-code
        wrong  codex          0.168.0, older than 0.169.0, which was tested (ROOT/tools/codex)
                              not signed in
                              billing: subscription: your ChatGPT plan: its limits are shared with your own sessions
                              flags: all 10 that are used are listed
                              fix: codex login
        -      gemini         not on PATH; not enabled
                              fix: npm install -g @google/gemini-cli
    "#]].assert_eq(&about(&shop, &doctor(&shop), &TOOLS));

    // Too old altogether; an API key where a subscription is meant; a key that is not there.
    configure(&shop, "[models]\ncodex_enabled = true\n[transport.claude]\nbilling = \"api\"\n");
    put(&shop, &claude("2.1.328 (Claude Code)"));
    put(&shop, &codex("codex-cli 0.57.0", "API key configured - ***", 0));
    expect![[r#"
        wrong  claude         2.1.328, as tested (ROOT/tools/claude)
                              billing: the API, and none of ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN is set
                              flags: all 15 that are used are listed
                              fix: export ANTHROPIC_API_KEY=…, or `mao config set transport.claude.billing subscription`
        wrong  codex          0.57.0, too old: 0.169.0 was tested (ROOT/tools/codex)
                              signed in with an API key, while `billing` says subscription
                              billing: subscription: your ChatGPT plan: its limits are shared with your own sessions
                              flags: all 10 that are used are listed
                              fix: npm install -g @openai/codex
        -      gemini         not on PATH; not enabled
                              fix: npm install -g @google/gemini-cli
    "#]]
    .assert_eq(&about(&shop, &doctor(&shop), &TOOLS));
    put(&shop, &codex("codex-cli 0.169.0", "API key configured - ***", 0));
    expect![[r#"
        wrong  codex          0.169.0, as tested (ROOT/tools/codex)
                              signed in with an API key, while `billing` says subscription
                              billing: subscription: your ChatGPT plan: its limits are shared with your own sessions
                              flags: all 10 that are used are listed
                              fix: codex login
    "#]]
    .assert_eq(&about(&shop, &doctor(&shop), &["codex"]));
}

#[test]
fn doctor_in_a_repository_that_is_not_ready() {
    let shop = bare();
    configure(&shop, "");
    shop.sandbox.git(&["rm", "-q", "-r", "todo"]).unwrap();
    shop.sandbox.commit("no tasks").unwrap();
    shop.sandbox.write(".claude/config/multi-model.toml", "[models]\ncodex_enabled = true\n").unwrap();
    let ran = doctor(&shop);
    expect![[r#"
        ok     configuration  90 keys have a value, 1 warning
                              yours: ROOT/home/.config/mao/multi-model.toml
                              .claude/config/multi-model.toml: not trusted, so it may only narrow what you allow
                              fix: read the file, then `mao config trust`; `mao config check` shows the warnings
        ok     repository     ROOT/work, branch main, af94c1a1a283
                              1 uncommitted change: a run starts from a commit
                              fix: commit them, or `mao develop … --include-dirty`
        wrong  task file      todo/tasks.md is not in the last commit
                              fix: write `## Section 1: …` and `- [ ] 1.1 …` into todo/tasks.md, and commit it; or name yours: `mao config set engine.sections_file FILE`
        wrong  checks         none is configured and none was found: nothing could decide whether a change is good
                              fix: mao config set engine.verify "make test", or whatever must pass here
    "#]].assert_eq(&about(&shop, &ran, &["configuration", "repository", "task file", "checks"]));

    configure(&shop, "[engine]\nmax_paralel = 3\n");
    expect![[r#"
        wrong  configuration  ROOT/home/.config/mao/multi-model.toml:2:1: unknown key `max_paralel` in `engine`
                              yours: ROOT/home/.config/mao/multi-model.toml
                              .claude/config/multi-model.toml: not trusted, so it may only narrow what you allow
                              fix: `mao config check` says all that is wrong
    "#]]
    .assert_eq(&about(&shop, &doctor(&shop), &["configuration"]));
    std::fs::remove_dir_all(shop.sandbox.work().join(".git")).unwrap();
    expect![[r#"
        -      repository     ROOT/work is not inside a git repository
                              fix: `git init`, then a first commit
    "#]]
    .assert_eq(&about(&shop, &doctor(&shop), &["repository", "task file", "checks"]));
}

#[test]
fn doctor_looks_at_the_machine() {
    let shop = bare();
    let found = json_lines(&shop, &["doctor", "--json"]);
    let of = |what: &str| found.iter().find(|finding| finding["what"] == what).unwrap();
    assert_eq!(of("git")["good"], true);
    assert!(of("git")["details"]["program"].as_str().unwrap().ends_with("tools/git"));
    assert!(of("state")["details"]["free_bytes"].as_u64().unwrap() > 0);
    assert_eq!(of("state")["details"]["there"], false);
    let held = of("containment");
    assert_eq!(held["good"] == true, held["details"]["landlock_abi"].is_u64(), "{held}");
    assert!(found.iter().all(|finding| finding["good"] != false || finding["fix"].is_string()), "{found:?}");
    assert!(found.iter().all(|finding| finding["version"] == 1));

    let no_git = bare();
    std::fs::remove_file(tools(&no_git).join("git")).unwrap();
    expect![[r#"
        wrong  git            not on PATH
                              fix: install git: https://git-scm.com/downloads
        -      repository     git is not on PATH
                              fix: install git
    "#]]
    .assert_eq(&about(&no_git, &doctor(&no_git), &["git", "repository"]));
    std::fs::write(tools(&no_git).join("git"), "#!/bin/sh\necho git version 2.30.2\n").unwrap();
    std::fs::set_permissions(tools(&no_git).join("git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    expect![[r#"
        wrong  git            2.30.2 (ROOT/tools/git): 2.41 or newer is needed
                              fix: install a newer git
    "#]]
    .assert_eq(&about(&no_git, &doctor(&no_git), &["git"]));
}

#[test]
fn doctor_starts_nothing_that_the_repository_brings_along() {
    let mut shop = bare();
    let bin = shop.sandbox.work().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let mark = shop.sandbox.root().join("started");
    std::fs::write(bin.join("claude"), format!("#!/bin/sh\necho >{}\n", mark.display())).unwrap();
    std::fs::set_permissions(bin.join("claude"), std::fs::Permissions::from_mode(0o755)).unwrap();
    configure(&shop, &format!("[transport.codex]\ncommand = \"{}\"\n", bin.join("claude").display()));
    shop.sandbox.prefer(&bin);
    let ran = doctor(&shop);
    expect![[r#"
        wrong  claude         not on PATH
                              fix: npm install -g @anthropic-ai/claude-code
        -      codex          ROOT/work/bin/claude lies in this repository: never started; not enabled
                              fix: npm install -g @openai/codex
    "#]]
    .assert_eq(&about(&shop, &ran, &["claude", "codex"]));
    let from_elsewhere = ran_from(&shop, "/");
    assert!(from_elsewhere.stdout.contains("wrong  claude"), "{}", from_elsewhere.stdout);
    assert!(!mark.exists(), "it was started");
}

fn ran_from(shop: &Shop, dir: &str) -> Ran {
    let mut command = shop.command(&["doctor", "-C"]);
    command.arg(shop.sandbox.work()).current_dir(dir);
    ran(&mut command)
}

#[test]
fn doctor_env_names_what_reaches_whom_and_no_value() {
    let mut shop = bare();
    shop.sandbox.set("ANTHROPIC_API_KEY", SECRET);
    shop.sandbox.set("OPENAI_API_KEY", SECRET);
    shop.sandbox.set("AWS_SECRET_ACCESS_KEY", SECRET);
    shop.sandbox.set("EDITOR", "vi");
    for name in ["CARGO_HOME", "RUSTUP_HOME"] {
        shop.sandbox.set(name, "/toolchain");
    }
    configure(&shop, "[transport.codex]\nbilling = \"api\"\n");
    let ran = shop.mao(&["doctor", "--env"]);
    assert!(!ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET));
    expect![[r#"
        exit 0
        --- stdout
        claude (billing: subscription)
          passed      CARGO_HOME GIT_CONFIG_NOSYSTEM HOME LANG PATH RUSTUP_HOME XDG_STATE_HOME
          set by mao  API_TIMEOUT_MS CLAUDE_CODE_DISABLE_BACKGROUND_TASKS CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC CLAUDE_CODE_MAX_RETRIES DISABLE_AUTOUPDATER ENABLE_TOOL_SEARCH GIT_CONFIG_GLOBAL GIT_TERMINAL_PROMPT TEMP TERM TMP TMPDIR
          kept out    ANTHROPIC_API_KEY AWS_SECRET_ACCESS_KEY OPENAI_API_KEY
        codex (billing: the API, not enabled)
          passed      CARGO_HOME GIT_CONFIG_NOSYSTEM HOME LANG PATH RUSTUP_HOME XDG_STATE_HOME
          set by mao  CODEX_API_KEY CODEX_HOME GIT_CONFIG_GLOBAL GIT_TERMINAL_PROMPT TEMP TERM TMP TMPDIR
          kept out    ANTHROPIC_API_KEY AWS_SECRET_ACCESS_KEY OPENAI_API_KEY
        gemini (billing: subscription, not enabled)
          passed      CARGO_HOME GIT_CONFIG_NOSYSTEM HOME LANG PATH RUSTUP_HOME XDG_STATE_HOME
          set by mao  GEMINI_CLI_HOME GEMINI_CLI_NO_RELAUNCH GIT_CONFIG_GLOBAL GIT_TERMINAL_PROMPT TEMP TERM TMP TMPDIR
          kept out    ANTHROPIC_API_KEY AWS_SECRET_ACCESS_KEY OPENAI_API_KEY
        checks (what models wrote runs there)
          passed      CARGO_HOME LANG PATH RUSTUP_HOME
          set by mao  HOME TMPDIR TERM
          kept out    ANTHROPIC_API_KEY AWS_SECRET_ACCESS_KEY OPENAI_API_KEY
        --- stderr
        every other variable stays here; no value was printed
    "#]].assert_eq(&drawn(&shop, &ran));
    let rows = json_lines(&shop, &["doctor", "--env", "--json"]);
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row["kept_out"].is_array()));
}

#[test]
fn cfg_03_a_precheck_leaves_out_who_is_not_signed_in_and_asks_once_an_hour_and_session() {
    let shop = bare();
    configure(&shop, "[models]\ncodex_enabled = true\n[engine]\nverify = [\"sh check.sh\"]\n");
    put(&shop, &claude("2.1.328 (Claude Code)"));
    // It counts how often it is asked whether it is signed in.
    let asked = shop.sandbox.root().join("asked");
    let count = || std::fs::read_to_string(&asked).unwrap_or_default().lines().count();
    let codex = format!(
        "#!/bin/sh\ncase \"$*\" in\n--version) echo 'codex-cli 0.169.0' ;;\n*) echo x >>{}; echo 'Not logged in'; exit 1 ;;\nesac\n",
        asked.display()
    );
    let file = tools(&shop).join("codex");
    std::fs::write(&file, codex).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let at = |minutes: u64, words: &[&str]| {
        let moment = (crate::shop::BEGIN + minutes * 60_000).to_string();
        ran(shop.command(words).env("MAO_TEST_CLOCK", moment))
    };
    let plain = at(0, &["develop", "1", "--dry-run"]);
    assert_eq!((plain.code, count()), (Some(0), 0), "nobody is asked without a word: {}", plain.stderr);

    let words = ["develop", "1", "--dry-run", "--precheck", "--mode", "diverse"];
    let first = at(0, &words);
    assert_eq!((first.code, count()), (Some(0), 1), "{}", first.stderr);
    assert!(first.stderr.contains("codex is left out: not signed in\n"), "{}", first.stderr);
    let again = at(59, &words);
    assert_eq!((again.code, count()), (Some(0), 1), "asked within the hour");
    assert!(again.stderr.contains("codex is left out: not signed in (asked 59 min ago)\n"), "{}", again.stderr);
    assert_eq!((at(60, &words).code, count()), (Some(0), 2), "the hour is over");

    // Where the orchestrator itself is missing, no run is opened.
    std::fs::remove_file(tools(&shop).join("claude")).unwrap();
    put(&shop, &Fake { login: ("no", 1), ..claude("2.1.328 (Claude Code)") });
    let none = at(120, &["develop", "1", "--precheck"]);
    assert_eq!(none.code, Some(4), "{}{}", none.stdout, none.stderr);
    assert!(none.stderr.contains("the orchestrator cannot be reached: not signed in"), "{}", none.stderr);
    assert_eq!(shop.mao(&["runs"]).stdout, "");
    let kept = at(121, &["doctor", "--precheck"]);
    assert_eq!(kept.code, Some(1), "{}", kept.stderr);
    assert!(kept.stderr.contains("claude is left out: not signed in (asked 1 min ago)"), "{}", kept.stderr);
}
