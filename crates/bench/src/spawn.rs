//! From starting a model's command line to its first event: through a provider, its shim and its walls, over starting
//! the same words bare. With the vendors' own command lines where `MAO_CLIS` or `PATH` has them, against the fake model
//! server; and always with a command line that says its first event at once.

use crate::done::Done;
use crate::figure::{Figure, Unit};
use crate::ground::Ground;
use crate::sample::{Deed, in_turn, timed};
use crate::world;
use mao_core::ids::ProviderId;
use mao_process::Shim;
use mao_providers::cli::{CommandLineProvider, Ground as Found, Vendor, claude, codex, gemini};
use mao_providers::provider::{Access, Billing, Job, Provider, Timers};
use mao_providers::script::{Script, marker};
use mao_testkit::clis::Cli;
use mao_testkit::sandbox::Sandbox;
use mao_testkit::server::{FakeServer, Settings};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How often a vendor's command line is started, and how often the one that costs nothing itself.
const TIMES: usize = 7;
const TIMES_AT_ONCE: usize = 60;

/// The step that the fake model server knows.
const STEP: &str = "bench";

/// Says its first event and ends, in the words of the first vendor's stream.
const AT_ONCE: &str =
    "#!/bin/sh\ncat >/dev/null\necho '{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}'\n";

/// The one at once, then every vendor's that is there.
pub fn measure(ground: &Ground) -> Done<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut figures = vec![at_once(ground, &runtime)?];
    let vendors: [(Cli, Arc<dyn Vendor>); 3] = [
        (Cli::Claude, Arc::new(claude::Tool)),
        (Cli::Codex, Arc::new(codex::Tool)),
        (Cli::Gemini, Arc::new(gemini::Tool)),
    ];
    for (cli, vendor) in vendors {
        match found(cli) {
            Some(program) => match real(ground, &runtime, cli, vendor, program) {
                Ok(figure) => figures.push(figure),
                Err(wrong) => crate::show::progress(&format!("spawn: {} is left out: {wrong}", cli.name())),
            },
            None => crate::show::progress(&format!("spawn: no {} here, it is left out", cli.name())),
        }
    }
    Ok(figures)
}

fn found(cli: Cli) -> Option<PathBuf> {
    cli.find().or_else(|| mao_process::which(cli.name(), &std::env::var_os("PATH")?))?.canonicalize().ok()
}

fn at_once(ground: &Ground, runtime: &Runtime) -> Done<Figure> {
    let program = ground.dir("bin")?.join("at-once");
    std::fs::write(&program, AT_ONCE)?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    let sandbox = Sandbox::new()?;
    let [ours, bare] = both(ground, runtime, Arc::new(claude::Tool), &program, job(&sandbox, "none")?, TIMES_AT_ONCE)?;
    let (ours, theirs) = (ours.median(), bare.median());
    let from = format!("medians of {TIMES_AT_ONCE}: {ours:.2} ms and {theirs:.2} ms");
    let what = "first event of a command line that says it at once, more than bare";
    Ok(Figure::new("spawn", what, ours - theirs, Unit::Ms, from))
}

fn real(ground: &Ground, runtime: &Runtime, cli: Cli, vendor: Arc<dyn Vendor>, program: PathBuf) -> Done<Figure> {
    let turn = "[[turn]]\nact = [{ say = \"Done.\" }]\n";
    let server = FakeServer::start_with(Script::from_texts([(STEP, turn)])?, Settings { port: 0, log: None })?;
    let mut sandbox = Sandbox::new()?;
    cli.point(&mut sandbox, &server)?;
    sandbox.repository(&[("file", "text\n")])?;
    let provider = ProviderId::from(cli.name());
    let models = world::policy()?.models;
    let entry = models.values().find(|entry| entry.provider == provider).ok_or("no model is reached over it")?;
    let job = job(&sandbox, &entry.endpoint)?;
    let [ours, bare] = both(ground, runtime, vendor, &program, job, TIMES)?;
    let (ours, theirs) = (ours.median(), bare.median());
    let from = format!("medians of {TIMES}: {ours:.0} ms over {theirs:.0} ms");
    Ok(Figure::new("spawn", format!("first event of {} over bare", cli.name()), ours / theirs, Unit::Times, from))
}

/// The same job through a provider and bare, in turn.
fn both(
    ground: &Ground,
    runtime: &Runtime,
    vendor: Arc<dyn Vendor>,
    program: &Path,
    job: Job,
    times: usize,
) -> Done<[crate::sample::Readings; 2]> {
    let shim: Shim = ground.shim();
    let provider = CommandLineProvider::new("bench".into(), Arc::clone(&vendor), Some(program.to_owned()), shim);
    // A session of its own each time: not every command line takes one twice.
    let fresh = || -> Done<Job> { Ok(Job { session: mao_engine::clock::draw_uuid()?, ..job.clone() }) };
    let ours: Deed<'_> = Box::new(|| runtime.block_on(by_provider(&provider, fresh()?)));
    let theirs: Deed<'_> = Box::new(|| bare(&*vendor, program, &fresh()?));
    in_turn(times, [ours, theirs])
}

/// Until the first news; then to its end, so that nothing of it runs beside the next.
async fn by_provider(provider: &CommandLineProvider, job: Job) -> Done<Duration> {
    let began = std::time::Instant::now();
    let mut turn = provider.start(job).await.map_err(|fault| fault.to_string())?;
    if turn.news().await.is_none() {
        return Err(format!("no event came: {:?}", turn.end().await.result).into());
    }
    let took = began.elapsed();
    drop(turn.end().await);
    Ok(took)
}

/// The same words, environment and input, started directly. What they need in the scratch directory lies there since
/// the provider's turn.
fn bare(vendor: &dyn Vendor, program: &Path, job: &Job) -> Done<Duration> {
    let config = vendor.config(job).and_then(|path| std::fs::read_to_string(path).ok());
    let line = vendor.command_line(job, &Found { config, ..Found::default() });
    let mut command = Command::new(program);
    command.args(&line.args).env_clear().envs(line.env).env("PWD", &job.cwd).current_dir(&job.cwd);
    let said = job.scratch.join("bare.log");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(std::fs::File::create(&said)?);
    let ((mut child, mut out), took) = timed(|| {
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(line.stdin.as_bytes())?;
        }
        let mut out = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut first = String::new();
        out.read_line(&mut first)?;
        if first.is_empty() { Err("no event came bare".into()) } else { Ok((child, out)) }
    })
    .map_err(|wrong| format!("{wrong}: {}", std::fs::read_to_string(&said).unwrap_or_default().trim()))?;
    out.read_to_end(&mut Vec::new())?;
    child.wait()?;
    Ok(took)
}

fn job(sandbox: &Sandbox, endpoint: &str) -> Done<Job> {
    let (cwd, scratch) = (sandbox.work(), sandbox.root().join("scratch"));
    std::fs::create_dir_all(&scratch)?;
    let long = Duration::from_secs(120);
    Ok(Job {
        label: STEP.into(),
        step: STEP.into(),
        acknowledged: 0,
        endpoint: endpoint.into(),
        effort: None,
        prompt: format!("{}\nSay that you are done.\n", marker(STEP, 0)),
        schema: None,
        cwd,
        access: Access::Write,
        scratch,
        reads: Vec::new(),
        session: mao_engine::clock::draw_uuid()?,
        timers: Timers { first_byte: long, idle: long, total: long, grace: Duration::from_secs(2) },
        billing: Billing::Api,
        environment: sandbox.environment().clone(),
        transcript: sandbox.root().join("transcript"),
    })
}
