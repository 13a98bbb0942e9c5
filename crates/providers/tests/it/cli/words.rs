//! The command lines, the environments and the walls that jobs become. Nothing is started here.

use super::job;
use mao_core::fault::FaultKind;
use mao_providers::cli::{CommandLine, Ground, Sandbox, Vendor, claude, codex, gemini};
use mao_providers::provider::{Access, Billing, Job};
use std::path::{Path, PathBuf};

fn vendors() -> [&'static dyn Vendor; 3] {
    [&claude::Tool, &codex::Tool, &gemini::Tool]
}

fn line(vendor: &dyn Vendor, job: &Job) -> CommandLine {
    vendor.command_line(job, &Ground::default())
}

fn at() -> Job {
    job(Path::new("/r"))
}

fn value<'a>(line: &'a CommandLine, name: &str) -> Option<&'a str> {
    line.env.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}

/// The settings file that gemini is given.
fn settings(job: &Job, ground: &Ground) -> serde_json::Value {
    let line = gemini::Tool.command_line(job, ground);
    let (_, text) = line.files.iter().find(|(path, _)| path.ends_with("settings.json")).unwrap();
    serde_json::from_str(text).unwrap()
}

#[test]
fn ivk_01_the_prompt_goes_by_standard_input_and_never_by_argv() {
    for vendor in vendors() {
        let job = at();
        let line = line(vendor, &job);
        assert_eq!(line.stdin, job.prompt, "{}", vendor.name());
        assert!(!line.args.iter().any(|word| word.contains("PWNED")), "{}", vendor.name());
    }
}

#[test]
fn ivk_01_a_model_or_an_effort_that_looks_like_a_flag_stays_a_value() {
    for vendor in vendors() {
        let job = Job { endpoint: "--evil".into(), effort: Some("--worse".into()), ..at() };
        let line = line(vendor, &job);
        assert!(!line.args.iter().any(|word| word == "--evil" || word == "--worse"), "{}", vendor.name());
        assert!(line.args.contains(&"--model=--evil".to_owned()), "{}", vendor.name());
    }
    let quoted = line(&codex::Tool, &Job { effort: Some("a\"b\nc".into()), ..at() });
    let effort = quoted.args.iter().find(|word| word.starts_with("model_reasoning_effort")).unwrap();
    let table: toml::Table = toml::from_str(effort).unwrap();
    assert_eq!(table["model_reasoning_effort"].as_str(), Some("a\"b\nc"));
}

#[test]
fn ivk_04_the_drawn_session_stands_in_argv() {
    for vendor in vendors() {
        let job = at();
        assert!(line(vendor, &job).args.iter().any(|word| word.contains(&job.session)), "{}", vendor.name());
    }
}

#[test]
fn inv_06_keys_reach_only_the_vendor_that_is_paid_by_key() {
    let own = [("claude", "sk-anthropic-1"), ("codex", "sk-openai-0001"), ("gemini", "sk-gemini-0001")];
    let secrets = ["sk-anthropic-1", "sk-openai-0001", "sk-gemini-0001", "aws-secret", "github-token", "/tmp/evil.so"];
    for vendor in vendors() {
        for (billing, allowed) in [
            (Billing::Subscription, None),
            (Billing::Api, own.iter().find(|(name, _)| *name == vendor.name()).map(|(_, key)| *key)),
        ] {
            let line = line(vendor, &Job { billing, ..at() });
            let told = format!("{:?} {:?} {:?}", line.args, line.env, line.files);
            for secret in secrets {
                assert_eq!(told.contains(secret), Some(secret) == allowed, "{} {billing:?}: {secret}", vendor.name());
            }
            let base = ["http://anthropic", "http://openai", "http://gemini"].iter().filter(|url| told.contains(**url));
            assert_eq!(base.count(), usize::from(allowed.is_some()), "{} {billing:?}: addresses", vendor.name());
        }
    }
}

#[test]
fn ivk_01_a_child_has_a_place_of_its_own() {
    for vendor in vendors() {
        let line = line(vendor, &at());
        assert_eq!(value(&line, "TMPDIR"), Some("/r/scratch"), "{}", vendor.name());
        assert_eq!(value(&line, "HOME"), Some("/r/home"));
        assert_eq!(value(&line, "HTTPS_PROXY"), Some("http://proxy:3128"));
        assert_eq!(value(&line, "PATH"), Some("/r/bin:/usr/bin:/bin"), "neither relative nor of the repository");
        assert_eq!(value(&line, "GIT_CONFIG_GLOBAL"), Some("/dev/null"));
    }
}

#[test]
fn inv_06_the_users_home_is_open_at_the_login_alone() {
    let home = Path::new("/r/home");
    let opened = |vendor: &dyn Vendor, billing| {
        let line = line(vendor, &Job { billing, ..at() });
        assert!(line.reads.iter().chain(&line.writes).all(|path| path != home && home.strip_prefix(path).is_err()));
        let mut writes: Vec<PathBuf> =
            line.writes.iter().filter_map(|path| path.strip_prefix(home).ok()).map(Path::to_owned).collect();
        writes.sort();
        writes
    };
    for vendor in vendors() {
        assert!(opened(vendor, Billing::Api).is_empty(), "{}: a key needs no login", vendor.name());
    }
    let login = [".codex/auth.json", ".codex/auth.json.lock", ".codex/auth.lock"];
    assert_eq!(opened(&codex::Tool, Billing::Subscription), login.map(Path::new));
    assert_eq!(opened(&claude::Tool, Billing::Subscription), [Path::new(".claude"), Path::new(".claude.json")]);
    assert!(opened(&gemini::Tool, Billing::Subscription).iter().all(|path| path.starts_with(".gemini/")));
}

#[test]
fn inv_01_no_tool_that_starts_or_routes_models_is_given() {
    for access in [Access::Read, Access::Write] {
        let job = Job { access, ..at() };
        let claude = line(&claude::Tool, &job).args;
        let after = |flag: &str| {
            let at = claude.iter().position(|word| word == flag).unwrap();
            claude[at + 1].split(',').collect::<Vec<_>>()
        };
        let given = after("--tools");
        let known = ["Read", "Grep", "Glob", "Edit", "Write", "NotebookEdit", "Bash"];
        assert!(given.iter().all(|tool| known.contains(tool)), "{given:?}");
        assert_eq!(given, after("--allowedTools"));
        assert!(after("--disallowedTools").contains(&"Task"));
        assert_eq!(given.contains(&"Edit"), access == Access::Write);
        assert_eq!(given.contains(&"Bash"), access == Access::Write);
        assert_eq!(after("--setting-sources"), [""], "nobody's settings and hooks");
        assert!(claude.contains(&"--strict-mcp-config".to_owned()) && !claude.contains(&"--mcp-config".to_owned()));

        let codex = line(&codex::Tool, &job).args;
        for setting in
            ["agents.enabled=false", "features.multi_agent=false", "features.apps=false", "features.hooks=false"]
        {
            assert!(codex.contains(&setting.to_owned()), "{setting}");
        }
        assert!(codex.contains(&"web_search=\"disabled\"".to_owned()));

        let settings = settings(&job, &Ground::default());
        assert_eq!(settings["experimental"]["enableAgents"], false);
        assert_eq!(settings["admin"]["mcp"]["enabled"], false);
        assert_eq!(settings["hooksConfig"]["enabled"], false);
        let tools: Vec<&str> =
            settings["tools"]["core"].as_array().unwrap().iter().filter_map(|tool| tool.as_str()).collect();
        assert_eq!(tools.contains(&"write_file"), access == Access::Write);
        assert!(!tools.iter().any(|tool| tool.contains("web") || tool.contains("agent")), "{tools:?}");
        assert_eq!(value(&line(&gemini::Tool, &job), "GEMINI_CLI_TRUST_WORKSPACE"), None);
    }
}

#[test]
fn ivk_05_exactly_one_sandbox_stands_around_codex() {
    for (sandbox, access, mode) in [
        (Sandbox::Ours, Access::Write, "danger-full-access"),
        (Sandbox::Ours, Access::Read, "danger-full-access"),
        (Sandbox::Own, Access::Write, "workspace-write"),
        (Sandbox::Own, Access::Read, "read-only"),
    ] {
        let ground = Ground { sandbox, config: None };
        let line = codex::Tool.command_line(&Job { access, ..at() }, &ground);
        assert!(line.args.contains(&format!("--sandbox={mode}")), "{sandbox:?} {access:?}");
        assert_eq!(line.sandbox, sandbox);
    }
}

#[test]
fn ivk_01_codex_keeps_of_the_users_configuration_the_way_to_models_only() {
    let config = r#"
        model = "other"
        model_provider = "house"
        notify = ["/r/home/evil"]
        [model_providers.house]
        name = "House"
        base_url = "http://house/v1"
        env_key = "OPENAI_API_KEY"
        request_max_retries = 9
        [mcp_servers.route]
        command = "mao"
        [projects."/r/tree"]
        trust_level = "trusted"
    "#;
    let ground = Ground { sandbox: Sandbox::Ours, config: Some(config.into()) };
    let line = codex::Tool.command_line(&at(), &ground);
    let (path, text) = &line.files[0];
    assert_eq!(path, Path::new("/r/scratch/codex/config.toml"));
    assert_eq!(value(&line, "CODEX_HOME"), Some("/r/scratch/codex"));
    let kept: toml::Table = toml::from_str(text).unwrap();
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["model_provider", "model_providers"]);
    let house = &kept["model_providers"]["house"];
    assert_eq!(house["request_max_retries"].as_integer(), Some(0));
    assert_eq!(house["stream_max_retries"].as_integer(), Some(0));
    assert_eq!(house["base_url"].as_str(), Some("http://house/v1"));
    // A provider of their own pays by a key of its own: no login is asked for, and the key is theirs to grant.
    let words = |job: &Job| codex::Tool.preflight(job, &ground).unwrap().unwrap().line.args;
    assert_eq!(words(&at()), ["--version"]);
    assert_eq!(value(&line, "OPENAI_API_KEY"), None);
    let paid = codex::Tool.command_line(&Job { billing: Billing::Api, ..at() }, &ground);
    assert_eq!(value(&paid, "OPENAI_API_KEY"), Some("sk-openai-0001"));
}

#[test]
fn ivk_06_codex_with_a_key_has_a_provider_that_does_not_retry() {
    let job = Job { billing: Billing::Api, ..at() };
    let config = |job: &Job| {
        let line = line(&codex::Tool, job);
        let table: toml::Table = toml::from_str(&line.files[0].1).unwrap();
        let name = table["model_provider"].as_str().unwrap().to_owned();
        table["model_providers"][&name].clone()
    };
    let provider = config(&job);
    assert_eq!(provider["base_url"].as_str(), Some("http://openai"));
    assert_eq!(provider["request_max_retries"].as_integer(), Some(0));
    assert_eq!(provider["stream_max_retries"].as_integer(), Some(0));
    let named = provider["env_key"].as_str().unwrap();
    assert_eq!(value(&line(&codex::Tool, &job), named), Some("sk-openai-0001"));
    let mut plain = job;
    plain.environment.remove("OPENAI_BASE_URL");
    assert_eq!(config(&plain)["base_url"].as_str(), Some("https://api.openai.com/v1"));
}

#[test]
fn fbk_03_a_login_is_proved_before_a_run_that_would_hang() {
    let asked = codex::Tool.preflight(&at(), &Ground::default()).unwrap().unwrap();
    assert_eq!(
        (asked.line.args, asked.means),
        (vec!["login".to_owned(), "status".to_owned()], FaultKind::NotAuthenticated)
    );
    let mut keyless = Job { billing: Billing::Api, ..at() };
    for name in ["OPENAI_API_KEY", "GEMINI_API_KEY"] {
        keyless.environment.remove(name);
    }
    for vendor in [&codex::Tool as &dyn Vendor, &gemini::Tool] {
        let fault = vendor.preflight(&keyless, &Ground::default()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotAuthenticated, "{}", vendor.name());
    }
}

#[test]
fn ivk_01_prompts_over_a_tools_limit_are_refused_before_it_starts() {
    for (vendor, most) in
        [(&claude::Tool as &dyn Vendor, 10 * 1024 * 1024), (&codex::Tool, 1_048_576), (&gemini::Tool, 8 * 1024 * 1024)]
    {
        assert!(vendor.fits(&Job { prompt: "x".repeat(most), ..at() }).is_ok(), "{}", vendor.name());
        let fault = vendor.fits(&Job { prompt: "x".repeat(most + 1), ..at() }).unwrap_err();
        assert_eq!(fault.kind, FaultKind::ContextTooLong, "{}", vendor.name());
    }
    // Codex counts characters.
    assert!(codex::Tool.fits(&Job { prompt: "ü".repeat(1_048_576), ..at() }).is_ok());
}

#[test]
fn ivk_01_a_schema_is_carried_by_each_in_its_own_way() {
    let schema = serde_json::json!({ "type": "object", "required": ["ok"] });
    let job = Job { schema: Some(schema.clone()), ..at() };
    assert!(line(&claude::Tool, &job).args.contains(&format!("--json-schema={schema}")));
    let codex = line(&codex::Tool, &job);
    let file = codex.args.iter().find_map(|word| word.strip_prefix("--output-schema=")).unwrap();
    let (_, text) = codex.files.iter().find(|(path, _)| path == Path::new(file)).unwrap();
    assert_eq!(*text, schema.to_string());
    let gemini = line(&gemini::Tool, &job).stdin;
    assert!(gemini.starts_with(&job.prompt) && gemini.contains(&schema.to_string()));
}

#[test]
fn thk_08_the_effort_is_sent_as_each_tool_takes_it() {
    let job = at();
    assert!(line(&claude::Tool, &job).args.contains(&"--effort=high".to_owned()));
    assert!(line(&codex::Tool, &job).args.contains(&"model_reasoning_effort=\"high\"".to_owned()));
    let thinking = |effort: &str| {
        let settings = settings(&Job { effort: Some(effort.into()), ..at() }, &Ground::default());
        let over = &settings["modelConfigs"]["overrides"][0];
        assert_eq!(over["match"]["model"], "a-model");
        over["modelConfig"]["generateContentConfig"]["thinkingConfig"].clone()
    };
    assert_eq!(thinking("high"), serde_json::json!({ "thinkingLevel": "HIGH" }));
    assert_eq!(thinking("8192"), serde_json::json!({ "thinkingBudget": 8192 }));
    let none = Job { effort: None, ..at() };
    assert!(settings(&none, &Ground::default()).get("modelConfigs").is_none());
}

#[test]
fn ivk_06_the_tools_own_retries_are_at_their_least() {
    let claude = line(&claude::Tool, &at());
    assert_eq!(value(&claude, "CLAUDE_CODE_MAX_RETRIES"), Some("0"));
    assert_eq!(value(&claude, "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS"), Some("1"));
    assert_eq!(value(&claude, "API_TIMEOUT_MS"), Some("20000"));
    assert_eq!(settings(&at(), &Ground::default())["general"]["maxAttempts"], 1);
    assert!(line(&codex::Tool, &at()).args.contains(&"features.unbounded_connection_retries=false".to_owned()));
}
