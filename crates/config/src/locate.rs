//! Where configuration is looked for, in which order, and what was found: for `mao doctor` and for hints.

use crate::error::Layer;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The repository's file, relative to its root.
pub const PROJECT_FILE: &str = ".claude/config/multi-model.toml";

/// The repository's registry, relative to its root.
pub const REGISTRY_FILE: &str = ".claude/models/registry.md";

/// The repository's routes, relative to its root.
pub const ROUTING_FILE: &str = ".claude/models/task-routing.md";

/// Where requirements are looked for when no key names them, relative to the repository's root.
pub const REQUIREMENTS_FILE: &str = "docs/PRD.md";

/// A file that configuration may stand in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which layer it is.
    pub layer: Layer,
    /// Where it is looked for.
    pub path: PathBuf,
    /// Whether something is there.
    pub found: Found,
}

/// What a look at a place said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A file is there.
    Yes,
    /// Nothing is there.
    No,
    /// Something is there that is no regular file.
    NotAFile,
}

/// The places in the order in which their values win over each other, weakest first.
#[must_use]
pub fn locate(environment: &BTreeMap<String, String>, root: Option<&Path>) -> Vec<Place> {
    let place = |layer, path: PathBuf| {
        let found = match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Found::Yes,
            Ok(_) => Found::NotAFile,
            Err(_) => Found::No,
        };
        Place { layer, path, found }
    };
    let user = user_file(environment).map(|path| place(Layer::User, path));
    let project = root.map(|root| place(Layer::Project, root.join(PROJECT_FILE)));
    user.into_iter().chain(project).collect()
}

/// The user's own file: `$XDG_CONFIG_HOME/mao/multi-model.toml`, else `~/.config/mao/multi-model.toml`. `None` where
/// neither variable names an absolute directory.
#[must_use]
pub fn user_file(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    Some(base(environment, "XDG_CONFIG_HOME", ".config")?.join("mao/multi-model.toml"))
}

/// The list of project files that the user consented to: `$XDG_STATE_HOME/mao/trusted`, else
/// `~/.local/state/mao/trusted`.
#[must_use]
pub fn trust_file(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    Some(base(environment, "XDG_STATE_HOME", ".local/state")?.join("mao/trusted"))
}

/// A base directory. A relative one is ignored, as its specification says.
fn base(environment: &BTreeMap<String, String>, variable: &str, beneath_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| Some(absolute("HOME")?.join(beneath_home)))
}
