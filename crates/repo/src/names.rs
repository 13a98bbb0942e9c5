//! Names that become refs, directories or arguments, and paths of a tree that may not be what they seem.
//!
//! Nothing here repairs a name: it is right, or it is refused.

use crate::error::{RepoError, Result};
use mao_core::text;

/// Branches of runs.
pub(crate) const BRANCHES: &str = "mao/";
/// Where what would be lost is kept.
pub(crate) const SALVAGE: &str = "refs/mao/salvage/";
/// Where, in a run's repository, commits are kept that were found on no ref.
pub(crate) const FOUND: &str = "refs/mao/found/";
/// Where the bases of living runs are kept.
pub(crate) const KEEP: &str = "refs/mao/keep/";

/// One name: letters, digits, `.`, `_`, `-`; not beginning with `.` or `-`, without `..`, not ending in `.lock` or `.`.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 120
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        && !name.starts_with(['.', '-'])
        && !name.contains("..")
        && !name.ends_with(".lock")
        && !name.ends_with('.')
}

/// `name` as it is, when it is one name.
pub(crate) fn one<'a>(what: &'static str, name: &'a str) -> Result<&'a str> {
    if is_name(name) { Ok(name) } else { Err(bad(what, name)) }
}

/// `name` as it is, when it is names with `/` between them.
pub(crate) fn many<'a>(what: &'static str, name: &'a str) -> Result<&'a str> {
    if name.split('/').all(is_name) { Ok(name) } else { Err(bad(what, name)) }
}

/// The full ref of a run's branch, given as `mao/<run>`.
pub(crate) fn branch_ref(branch: &str) -> Result<String> {
    match branch.strip_prefix(BRANCHES) {
        Some(rest) => many("branch", rest).map(|_| format!("refs/heads/{branch}")),
        None => Err(bad("branch of a run", branch)),
    }
}

pub(crate) fn bad(what: &'static str, name: &str) -> RepoError {
    RepoError::BadName { what, name: text::one_line(name, 120) }
}

/// Whether a tree's path is a plain one: UTF-8, printable, no `.`, `..` or empty parts, and no part that some file
/// system would take for `.git`.
pub(crate) fn is_plain_path(path: &[u8]) -> bool {
    let Ok(path) = std::str::from_utf8(path) else { return false };
    path.chars().all(text::is_printable)
        && path.split('/').all(|part| !matches!(part, "" | "." | "..") && !means_git(part))
}

/// Whether a name is `.git` on a file system that ignores case, trailing dots and spaces, streams or short names.
fn means_git(part: &str) -> bool {
    let lower = part.to_ascii_lowercase();
    let stem = lower.split([':', '\\']).next().unwrap_or_default().trim_end_matches(['.', ' ']);
    stem == ".git" || stem == "git~1"
}

/// Whether the target of a link that stands at `at` stays within the tree. `..` is allowed only in front: behind a
/// name, which may itself be a link, it could lead anywhere.
pub(crate) fn link_stays_inside(at: &str, target: &[u8]) -> bool {
    let Ok(target) = std::str::from_utf8(target) else { return false };
    if target.is_empty() || target.starts_with('/') || !target.chars().all(text::is_printable) {
        return false;
    }
    let depth = at.split('/').count() - 1;
    let parts: Vec<&str> = target.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let up = parts.iter().take_while(|part| **part == "..").count();
    up <= depth && parts.iter().skip(up).all(|part| *part != ".." && !means_git(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_be_options_paths_or_locks_are_refused() {
        for name in ["work.2.storage-1", "7f3a", "a_b"] {
            assert!(is_name(name), "{name}");
        }
        for name in
            ["", "-rf", "--output=x", ".hidden", "a..b", "a/b", "x.lock", "x.", "a b", "a\u{3000};b", "@{-1}", "é"]
        {
            assert!(!is_name(name), "{name}");
        }
        assert!(branch_ref("mao/7f3a").is_ok());
        for branch in ["main", "mao/", "mao/../main", "mao//x", "mao/-x", "mao/x/", "refs/heads/mao/x", "mao/x\n"] {
            assert!(branch_ref(branch).is_err(), "{branch}");
        }
    }

    #[test]
    fn paths_that_some_file_system_takes_for_git_are_not_plain() {
        for path in ["src/a.rs", "a b/ü", ".gitignore", ".github/x", "git"] {
            assert!(is_plain_path(path.as_bytes()), "{path}");
        }
        for path in
            [".GIT/config", "a/.git", "a/.gIt./x", "git~1/x", ".git ::x/y", "a/../b", "/etc", "a\nb", "a\u{202e}b"]
        {
            assert!(!is_plain_path(path.as_bytes()), "{path}");
        }
        assert!(!is_plain_path(b"a\xff"));
    }

    #[test]
    fn a_link_may_climb_only_to_the_root_of_the_tree() {
        assert!(link_stays_inside("l", b"src/a"));
        assert!(link_stays_inside("a/b/l", b"../../src"));
        assert!(!link_stays_inside("a/b/l", b"../../../src"));
        assert!(!link_stays_inside("l", b"/etc/passwd"));
        assert!(!link_stays_inside("l", b"d/../x"), "d may be a link");
        assert!(!link_stays_inside("l", b".git/config"));
        assert!(!link_stays_inside("l", b""));
    }
}
