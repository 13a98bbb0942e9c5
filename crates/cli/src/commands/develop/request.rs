//! What a run is asked for: sections of the task list, or a feature in a person's own words, with what the repository has
//! about them.

use crate::exit::{Exit, Failure};
use crate::open::{House, Scripted};
use mao_config::locate::REQUIREMENTS_FILE;
use mao_config::{ConfigErrors, Loaded, Source};
use mao_core::glob;
use mao_core::ids::{CommitId, SectionId};
use mao_core::matter::Matter;
use mao_core::request::{Approval, Declares, Order};
use mao_core::section::{NotASelection, Section, Selection};
use mao_core::text;
use mao_engine::open::{NewRun, NewSection};
use mao_policy::{Policy, privacy};
use mao_workflows::context::{self, collect};
use mao_workflows::develop::order;

/// What every face shows while models are scripted.
const SCRIPTED: &str = "scripted models: no real model was asked, every answer comes from a script";

/// The address of what is no section: a feature.
const FEATURE: &str = "feature";

/// The longest title that a feature gets, in characters.
const TITLE: usize = 60;

/// What is wanted of a new run.
pub struct Wanted<'a> {
    /// The workflow.
    pub workflow: &'a str,
    /// The words that name sections or describe a feature.
    pub words: &'a [String],
    /// In which order sections run.
    pub order: Order,
    /// Who says that the plan may be carried out.
    pub approval: Approval,
    /// Whether models are scripted.
    pub scripted: Scripted,
}

/// What every face shows of a run with these models.
fn mark(scripted: Scripted) -> Option<String> {
    match scripted {
        Scripted::Yes => Some(SCRIPTED.to_owned()),
        Scripted::No => None,
    }
}

/// A run of `workflow` that is about something else than sections, from this commit. `text` is what lists show of it.
pub fn run_about(
    house: &House,
    policy: &Policy,
    base: CommitId,
    (workflow, text): (&str, &str),
    matter: Matter,
    scripted: Scripted,
) -> Result<NewRun, Failure> {
    Ok(NewRun {
        workflow: workflow.to_owned(),
        text: text::one_line(text, 200),
        sections: Vec::new(),
        requirements: None,
        tasks: None,
        files: files(house, policy, &base)?,
        repository: house.repo.key()?,
        base_tree: house.repo.tree(&base)?,
        base,
        scripted: mark(scripted),
        run: None,
        matter,
        supplies: Vec::new(),
        order: Order::Computed,
        approval: Approval::Given,
    })
}

/// The paths of a commit that may be told: the name of a private one is private too.
fn files(house: &House, policy: &Policy, base: &CommitId) -> Result<Vec<String>, Failure> {
    let mut files = house.repo.files(base)?;
    files.retain(|path| !privacy::is_private(policy, path));
    Ok(files)
}

/// The run that these words ask for, from this commit.
pub fn new_run(house: &House, loaded: &Loaded, base: CommitId, wanted: &Wanted<'_>) -> Result<NewRun, Failure> {
    let named = loaded.requirements_file.as_deref();
    let requirements = house.repo.read(&base, named.unwrap_or(REQUIREMENTS_FILE))?;
    if let (Some(named), None) = (named, &requirements) {
        let what = format!("{named} (`requirements_file`) is not in the base commit");
        return Err(Failure::new(Exit::Configuration, what));
    }
    let requirements = requirements.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let files = files(house, &loaded.policy, &base)?;
    for path in [loaded.sections_file.as_str(), named.unwrap_or(REQUIREMENTS_FILE)] {
        if glob::any(&loaded.policy.private.local_only, path) {
            let what = format!("{path} is private (`privacy.local_only`), and what it says is what everybody works by");
            return Err(Failure::new(Exit::Declined, what).hint("leave that file out of `privacy.local_only`"));
        }
    }
    let text = wanted.words.join(" ");
    let (text, sections, tasks) = match Selection::parse(&text) {
        Ok(selection) => {
            let (sections, tasks) = selected(house, loaded, &base, &selection)?;
            let about = |section: &Section| {
                let found = collect(section, &files, requirements.as_deref(), &loaded.policy.thresholds);
                NewSection {
                    id: section.id.clone(),
                    title: section.title.clone(),
                    text: section.body.clone(),
                    declares: found.declares,
                    context: Some(found.text).filter(|text| !text.is_empty()),
                    requirements: found.requirements,
                }
            };
            (text.replace(' ', ""), sections.iter().map(about).collect(), Some(tasks))
        }
        Err(NotASelection::FreeText(_)) if is_a_feature(wanted) => {
            (text::one_line(&text, 200), vec![feature(&text, loaded)], None)
        }
        Err(wrong) => {
            let hint = "name sections by number: `1`, `2,3`, `2.1`, `3.2-3.7` or `all`; \
                        a feature is described in one quoted text of several words";
            return Err(Failure::new(Exit::Usage, wrong.to_string()).hint(hint));
        }
    };
    let declared: Vec<(SectionId, Vec<SectionId>)> =
        sections.iter().map(|section| (section.id.clone(), section.declares.depends.clone())).collect();
    order::check_declared(&declared).map_err(|circle| {
        Failure::new(Exit::Configuration, format!("{}: {circle}", loaded.sections_file))
            .hint("change what the sections say they depend on, or name fewer of them")
    })?;
    Ok(NewRun {
        workflow: wanted.workflow.to_owned(),
        text,
        sections,
        requirements,
        files,
        tasks,
        repository: house.repo.key()?,
        base_tree: house.repo.tree(&base)?,
        base,
        scripted: mark(wanted.scripted),
        run: None,
        matter: Matter::Sections,
        supplies: Vec::new(),
        order: wanted.order,
        approval: wanted.approval,
    })
}

/// The sections that are named, and the task file with its text.
fn selected(
    house: &House,
    loaded: &Loaded,
    base: &CommitId,
    selection: &Selection,
) -> Result<(Vec<Section>, (String, String)), Failure> {
    let file = &loaded.sections_file;
    let found = house.repo.read(base, file)?.ok_or_else(|| {
        Failure::new(Exit::Configuration, format!("{file} is not in commit {}", &base.as_str()[..12])).hint(
            "write a task list with `## Section 1: …` and `- [ ] 1.1 …` there, or name yours: `sections_file` under [engine]",
        )
    })?;
    let source = Source::new(file.clone(), found);
    let tasks = mao_config::tasks::read(&source).map_err(ConfigErrors::from)?;
    let found = String::from_utf8_lossy(&source.bytes).into_owned();
    let chosen = tasks
        .select(selection)
        .map_err(|wrong| Failure::new(Exit::Usage, format!("{file}: {wrong}")))?
        .into_iter()
        .collect();
    Ok((chosen, (file.clone(), found)))
}

/// One quoted text of several words is a feature; a single word is a mistyped section.
fn is_a_feature(wanted: &Wanted<'_>) -> bool {
    match wanted.words {
        [one] => wanted.workflow == "develop" && one.split_whitespace().count() > 1,
        _ => false,
    }
}

/// A feature as a section that nothing is declared about.
fn feature(text: &str, loaded: &Loaded) -> NewSection {
    let hits = context::hits(text, &loaded.policy.thresholds);
    NewSection {
        id: SectionId::from(FEATURE),
        title: text::one_line(text, TITLE),
        text: text.to_owned(),
        declares: Declares { security_hits: u64::try_from(hits).unwrap_or(u64::MAX), ..Declares::default() },
        context: None,
        requirements: None,
    }
}
