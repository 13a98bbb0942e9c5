//! `mao config show|origin|set|check|schema|trust`: what holds and where it comes from, one key changed, what is wrong,
//! which keys there are, consent to files as they are. Nothing but `set` and `trust` writes a file.

mod set;

use crate::args::{Common, Config, ConfigWhat};
use crate::exit::{Exit, Failure};
use crate::open::{directory, environment, git, inputs, load};
use crate::print::Printer;
use mao_config::locate::{PROJECT_FILE, REGISTRY_FILE, REQUIREMENTS_FILE, ROUTING_FILE, trust_file};
use mao_config::{ConfigErrors, Layer, Loaded, Origin, Source, Warning, mcp, trust};
use mao_repo::UserRepo;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Runs the command. Outside a repository the user's own layers are shown.
pub fn run(common: &Common, words: &Config, printer: &Printer) -> Result<Exit, Failure> {
    let environment = environment();
    let here = directory(common)?;
    let repo = UserRepo::open(&here, &git(&environment)?).ok();
    // A repository that no run could use yet, such as one without a commit, has files to check all the same.
    let folder = || here.ancestors().find(|folder| folder.join(".git").exists());
    let root = repo.as_ref().map(UserRepo::root).or_else(folder);
    match &words.what {
        ConfigWhat::Show => show(&sound(&environment, root, printer)?, printer),
        ConfigWhat::Origin(words) => origin(&load(&environment, root, Vec::new())?, &words.key, printer),
        ConfigWhat::Set(words) => set::run(&environment, root, words, printer),
        ConfigWhat::Check => check(&environment, root, printer),
        ConfigWhat::Schema => schema(printer),
        ConfigWhat::Trust => consent(&environment, root, printer),
    }
}

/// The effective configuration, with its warnings printed.
fn sound(environment: &BTreeMap<String, String>, root: Option<&Path>, printer: &Printer) -> Result<Loaded, Failure> {
    let loaded = load(environment, root, Vec::new())?;
    warn(&loaded.warnings, printer);
    Ok(loaded)
}

fn warn(warnings: &[Warning], printer: &Printer) {
    for warning in warnings {
        printer.note(&format!("{} {warning}", printer.style().dim("warning:")));
    }
}

fn show(loaded: &Loaded, printer: &Printer) -> Result<Exit, Failure> {
    for (key, setting) in &loaded.settings.0 {
        if printer.is_json() {
            printer.value(serde_json::json!({
                "key": key, "value": setting.value.to_string(), "origin": setting.origin.to_string(),
            }));
        } else {
            printer.line(&format!("{key} = {}    ({})", setting.value, setting.origin));
        }
    }
    Ok(Exit::Ok)
}

/// Where one value, role, route or entry comes from.
fn origin(loaded: &Loaded, key: &str, printer: &Printer) -> Result<Exit, Failure> {
    let setting = loaded.settings.get(key).map(|setting| (setting.value.to_string(), &setting.origin));
    let given = || Some((meaning(loaded, key).unwrap_or_default(), loaded.given.get(key)?));
    if let Some((value, origin)) = setting.or_else(given) {
        let (layer, place) = (layer(origin), place(origin));
        if printer.is_json() {
            printer.value(serde_json::json!({ "key": key, "value": value, "layer": layer, "place": place }));
        } else {
            printer.line(&format!("{key} = {value}"));
            printer.line(&format!("{layer}: {place}"));
        }
        return Ok(Exit::Ok);
    }
    if let Some(value) = meaning(loaded, key) {
        if printer.is_json() {
            printer.value(serde_json::json!({ "key": key, "value": value, "layer": "built in", "place": null }));
        } else {
            printer.line(&format!("{key} = {value}"));
            printer.line("built in");
        }
        return Ok(Exit::Ok);
    }
    let is_key = mao_config::is_key(key);
    let what = if is_key { format!("no layer gives `{key}` a value") } else { format!("there is no key `{key}`") };
    let failure = Failure::new(if is_key { Exit::Negative } else { Exit::Usage }, what);
    Err(match mao_config::nearest_key(key).filter(|_| !is_key) {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure.hint("`mao config schema` lists every key"),
    })
}

/// What a role, a route or an entry of the registry is.
fn meaning(loaded: &Loaded, key: &str) -> Option<String> {
    let (kind, name) = key.split_once('.')?;
    match kind {
        "roles" => Some(loaded.roles.get(name)?.to_string()),
        "routes" => {
            let route = loaded.policy.routes.get(&name.into())?;
            Some(route.diverse.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        "registry" => Some(loaded.policy.models.get(&name.into())?.endpoint.clone()),
        _ => None,
    }
}

fn layer(origin: &Origin) -> &'static str {
    match origin.layer() {
        Layer::BuiltIn => "built in",
        Layer::User => "user",
        Layer::Project => "project",
        Layer::Environment => "environment",
        Layer::Flag => "flag",
    }
}

/// The file and line, the variable, or the flag.
fn place(origin: &Origin) -> String {
    match origin {
        Origin::File(spot) => format!("{}:{}", spot.file, spot.line),
        Origin::Environment(name) => name.clone(),
        Origin::Flag(flag) => flag.clone(),
    }
}

/// Everything that is wrong with any file, at once.
fn check(environment: &BTreeMap<String, String>, root: Option<&Path>, printer: &Printer) -> Result<Exit, Failure> {
    let mut errors = Vec::new();
    let mut files = 0;
    match inputs(environment, root, Vec::new()) {
        Ok(inputs) => {
            files += [&inputs.user, &inputs.project, &inputs.registry, &inputs.routing].into_iter().flatten().count();
            match mao_config::load(&inputs) {
                Ok(loaded) => {
                    warn(&loaded.warnings, printer);
                    let (wrong, warnings) = mao_config::lint(&loaded);
                    warn(&warnings, printer);
                    errors.extend(wrong);
                    match tasks(root, &loaded) {
                        Ok(None) => {}
                        Ok(Some(warnings)) => {
                            files += 1;
                            warn(&warnings, printer);
                        }
                        Err(wrong) => errors.extend(wrong.0),
                    }
                }
                Err(wrong) => errors.extend(wrong.0),
            }
        }
        Err(wrong) => errors.extend(wrong.0),
    }
    match root.map(|root| Source::read_beneath(root, mcp::FILE)).transpose() {
        Ok(source) => {
            if let Some(source) = source.flatten() {
                files += 1;
                match mcp::read(&source) {
                    Ok((_, warnings)) => warn(&warnings, printer),
                    Err(wrong) => errors.extend(wrong.0),
                }
            }
        }
        Err(wrong) => errors.push(wrong),
    }
    if !errors.is_empty() {
        return Err(ConfigErrors(errors).into());
    }
    printer.note(&format!("no errors in {files} file{}", if files == 1 { "" } else { "s" }));
    Ok(Exit::Ok)
}

/// What is doubtful about the task file, where there is one.
fn tasks(root: Option<&Path>, loaded: &Loaded) -> Result<Option<Vec<Warning>>, ConfigErrors> {
    let beneath = |file: &str| root.map(|root| Source::read_beneath(root, file)).transpose().map(Option::flatten);
    let Some(source) = beneath(&loaded.sections_file)? else { return Ok(None) };
    let document = beneath(loaded.requirements_file.as_deref().unwrap_or(REQUIREMENTS_FILE))?;
    mao_config::tasks::check(&source, document.as_ref()).map(Some)
}

/// Every key with its type.
fn schema(printer: &Printer) -> Result<Exit, Failure> {
    for key in mao_config::schema() {
        if printer.is_json() {
            printer.value(serde_json::json!({
                "key": key.path, "type": key.kind, "allowed": key.allowed, "names": key.names,
                "min": key.range.map(|range| range.0), "max": key.range.and_then(|range| range.1),
                "guard": key.guard, "variable": key.variable, "default": key.default, "later": key.later,
                "refused": key.refused,
            }));
            continue;
        }
        let mut line = format!("{}: {}", key.path, key.kind);
        if !key.allowed.is_empty() {
            line.push_str(&format!(" of {}", key.allowed.join(" | ")));
        }
        match key.range {
            Some((min, Some(max))) => line.push_str(&format!(" from {min} to {max}")),
            Some((min, None)) => line.push_str(&format!(" from {min} on")),
            None => {}
        }
        let default = key.default.unwrap_or_else(|| "none".to_owned());
        let later = key.later.map_or(String::new(), |later| format!("    for {later}, not in this version"));
        let closed = if key.refused.contains_key("*") { "    refused in this version" } else { "" };
        printer.line(&format!("{line}    default {default}    in a repository: {}{later}{closed}", guard(key.guard)));
    }
    Ok(Exit::Ok)
}

/// What a guard means.
fn guard(word: &str) -> &'static str {
    match word {
        "free" => "free",
        "narrow" => "may only narrow",
        _ => "needs consent",
    }
}

/// A person's consent to the repository's files, bound to their hashes: another content needs another consent.
fn consent(environment: &BTreeMap<String, String>, root: Option<&Path>, printer: &Printer) -> Result<Exit, Failure> {
    let wrong = |what: String| Failure::new(Exit::Configuration, what);
    let root = root.ok_or_else(|| wrong("this is no git repository".to_owned()))?;
    let list = trust_file(environment).ok_or_else(|| wrong("neither XDG_STATE_HOME nor HOME is set".to_owned()))?;
    let known = trust::read(&list).map_err(ConfigErrors::from)?;
    let mut found = Vec::new();
    for file in [PROJECT_FILE, REGISTRY_FILE, ROUTING_FILE] {
        if let Some(source) = Source::read_beneath(root, file).map_err(ConfigErrors::from)? {
            found.push((file, source.hash()));
        }
    }
    if found.is_empty() {
        return Err(wrong(format!("there is no {PROJECT_FILE} here")).hint("`mao init` writes one"));
    }
    let new: Vec<&(&str, String)> = found.iter().filter(|(_, hash)| !known.contains(hash)).collect();
    if new.is_empty() {
        printer.note("this very file is trusted already");
        return Ok(Exit::Ok);
    }
    let folder =
        list.parent().map_or(Ok(()), |folder| std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder));
    folder.map_err(|source| wrong(format!("cannot make the folder of {}: {source}", list.display())))?;
    for (file, hash) in new {
        let wrote = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&list);
        let wrote = wrote.and_then(|mut list| writeln!(list, "{hash}  {}", root.display()));
        wrote.map_err(|source| wrong(format!("cannot write {}: {source}", list.display())))?;
        printer.line(&format!("{file} is trusted as it is now; a changed file asks again"));
        printer.line(&format!("undo it: remove the line {}… from {}", &hash[..12], list.display()));
    }
    Ok(Exit::Ok)
}
