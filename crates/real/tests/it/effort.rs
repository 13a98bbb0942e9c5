//! The effort that a request really carries, for every model that the roster has in use and every level that it knows:
//! more than what the profiles `budgeted` and `max` can ask for. What the vendor's server received is compared with what
//! the record would say was sent.

use crate::place::{Part, mao};
use mao_process::Shim;
use mao_providers::cli::{CommandLineProvider, Vendor, claude, codex, gemini};
use mao_providers::provider::{Access, Billing, Job, Provider, Timers};
use mao_providers::script::{Script, marker};
use mao_testkit::clis::Cli;
use mao_testkit::sandbox::Sandbox;
use mao_testkit::server::{FakeServer, Seen, Settings};
use serde_json::Value;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// The variable that names the rule that is broken, where one is.
const BROKEN: &str = "MAO_MUTANT";

/// A model that is in use: what reaches it, what it is called there, and its levels.
struct Model {
    provider: String,
    endpoint: String,
    efforts: Vec<String>,
}

/// The roster of the shipped binary.
fn roster() -> Vec<Model> {
    let sandbox = Sandbox::new().unwrap();
    sandbox.repository(&[("file", "text\n")]).unwrap();
    let listed = sandbox.run(mao(), &["models", "list", "--json"]).unwrap();
    let values = listed.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let model = |value: Value| Model {
        provider: text(&value["provider"]),
        endpoint: text(&value["endpoint"]),
        efforts: value["efforts"].as_array().map(|all| all.iter().map(text).collect()).unwrap_or_default(),
    };
    values.filter(|value| value["kind"] == "model" && value["lifecycle"] == "active").map(model).collect()
}

fn uuid() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap().trim().to_owned()
}

/// What a request asks of the model's thinking, in its vendor's own words; `None` where it says nothing.
fn asked(cli: Cli, body: &Value) -> Option<String> {
    let level = match cli {
        Cli::Claude => &body["output_config"]["effort"],
        Cli::Codex => &body["reasoning"]["effort"],
        Cli::Gemini => &body["generationConfig"]["thinkingConfig"]["thinkingLevel"],
    };
    level.as_str().map(str::to_lowercase)
}

/// Whether a request leaves thinking on.
fn thinks(cli: Cli, body: &Value) -> bool {
    match cli {
        Cli::Claude => body["thinking"]["type"] != "disabled",
        Cli::Codex => body["reasoning"]["effort"] != "none",
        Cli::Gemini => body["generationConfig"]["thinkingConfig"]["thinkingBudget"] != 0,
    }
}

fn job(sandbox: &Sandbox, step: &str, endpoint: &str, effort: &str) -> Job {
    let scratch = sandbox.root().join(format!("scratch-{step}"));
    std::fs::create_dir_all(&scratch).unwrap();
    let long = Duration::from_secs(120);
    Job {
        label: step.to_owned(),
        step: step.to_owned(),
        acknowledged: 0,
        endpoint: endpoint.to_owned(),
        effort: Some(effort.to_owned()),
        prompt: format!("{}\nSay that you are done.\n", marker(step, 0)),
        schema: None,
        cwd: sandbox.work(),
        access: Access::Read,
        scratch,
        reads: Vec::new(),
        session: uuid(),
        timers: Timers { first_byte: long, idle: long, total: long, grace: Duration::from_secs(2) },
        billing: Billing::Api,
        environment: sandbox.environment().clone(),
        transcript: sandbox.root().join(format!("transcript-{step}")),
    }
}

/// What of a broken program is enough: one model and level of each command line.
fn enough() -> usize {
    if std::env::var_os(BROKEN).is_some() { 1 } else { usize::MAX }
}

/// Every model and level of one command line, one after another; how many, and what is wrong.
fn all(cli: Cli, vendor: Arc<dyn Vendor>, models: &[Model]) -> (usize, Vec<String>) {
    let mine = models.iter().filter(|model| model.provider == cli.name());
    let pairs: Vec<(String, &Model, &String)> = mine
        .flat_map(|model| model.efforts.iter().map(move |effort| (model, effort)))
        .take(enough())
        .enumerate()
        .map(|(at, (model, effort))| (format!("effort.{at}"), model, effort))
        .collect();
    let turn = "[[turn]]\nact = [{ say = \"Done.\" }]\n";
    let texts = pairs.iter().map(|(step, ..)| (step.as_str(), turn));
    let script = Script::from_texts(texts.collect::<Vec<_>>()).unwrap();
    let server = FakeServer::start_with(script, Settings { port: 0, log: None }).unwrap();
    let mut sandbox = Sandbox::new().unwrap();
    cli.point(&mut sandbox, &server).unwrap();
    sandbox.repository(&[("file", "text\n")]).unwrap();
    let shim = Shim { program: mao(), args: vec![Shim::WORD.into()] };
    let provider = CommandLineProvider::new(cli.name().into(), vendor, cli.find(), shim);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut wrong = Vec::new();
    for (step, model, effort) in &pairs {
        let what = format!("{} {} {effort}", cli.name(), model.endpoint);
        let end = runtime.block_on(async {
            match provider.start(job(&sandbox, step, &model.endpoint, effort)).await {
                Ok(turn) => turn.end().await.result,
                Err(fault) => Err(fault),
            }
        });
        match end {
            Ok(reply) if reply.effort_sent.as_ref() == Some(effort) => {}
            Ok(reply) => wrong.push(format!("{what}: the record says {:?}", reply.effort_sent)),
            Err(fault) => wrong.push(format!("{what}: {fault}")),
        }
        let questions: Vec<Seen> = server.requests_of(step);
        if questions.is_empty() {
            wrong.push(format!("{what}: nothing was received"));
        }
        for seen in &questions {
            if asked(cli, &seen.body).as_ref() != Some(effort) || !thinks(cli, &seen.body) {
                let body = &seen.body;
                wrong.push(format!("{what}: received {:?} of {:?}: {body}", asked(cli, body), seen.model));
            }
            if seen.model.as_deref() != Some(model.endpoint.as_str()) {
                wrong.push(format!("{what}: {:?} was asked", seen.model));
            }
        }
    }
    (pairs.len(), wrong)
}

#[test]
fn thk_10_what_the_vendor_receives_is_what_the_record_says_for_every_model_and_effort() {
    let Some(part) = Part::begin("effort and thinking of every model") else { return };
    let models = roster();
    let tools: [(Cli, Arc<dyn Vendor>); 3] = [
        (Cli::Claude, Arc::new(claude::Tool)),
        (Cli::Codex, Arc::new(codex::Tool)),
        (Cli::Gemini, Arc::new(gemini::Tool)),
    ];
    let found: Vec<(usize, Vec<String>)> = std::thread::scope(|scope| {
        let models = &models;
        let one = |(cli, vendor)| scope.spawn(move || all(cli, vendor, models));
        let running: Vec<_> = tools.into_iter().map(one).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let pairs: usize = found.iter().map(|(pairs, _)| pairs).sum();
    part.note(&format!("{pairs} pairs of model and effort over three command lines"));
    let wrong: Vec<&String> = found.iter().flat_map(|(_, wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(found.iter().all(|(pairs, _)| *pairs >= 6), "{:?}", found.iter().map(|(n, _)| n).collect::<Vec<_>>());
}

#[test]
fn a_record_that_says_another_effort_than_was_received_is_noticed() {
    if std::env::var_os(BROKEN).is_some() {
        return;
    }
    let Some(part) = Part::begin("a record that says another effort") else { return };
    let test = "effort::thk_10_what_the_vendor_receives_is_what_the_record_says_for_every_model_and_effort";
    let mut once = Command::new(std::env::current_exe().unwrap());
    once.args(["--exact", test]).env(BROKEN, "thk_10_the_record_says_another_effort");
    let said = String::from_utf8_lossy(&once.output().unwrap().stdout).into_owned();
    assert!(said.contains("running 1 test"), "{test} is there: {said}");
    assert!(said.contains("0 passed; 1 failed"), "it is not noticed: {said}");
    let noticed = said.matches("the record says Some(\\\"not ").count();
    part.note(&format!("noticed with {noticed} command lines"));
    assert_eq!(noticed, 3, "each command line's own comparison: {said}");
}
