//! The wall around a child: a Landlock ruleset made in the shim and entered by the child just before its program
//! starts, so that the shim itself stays outside and can end what is inside. It never restricts the network.

use crate::containment::Wall;
use crate::wire::WallOrder;
use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// The rights asked for: all up to device ioctls. The right to connect to sockets by path is left alone, because name
/// resolution needs it.
const FILES: ABI = ABI::V5;
/// No signals and no abstract sockets to processes outside.
const SCOPES: ABI = ABI::V6;

/// A wall that was made, not yet entered.
pub(crate) enum Built {
    /// None was asked for.
    Open(String),
    /// Enter it with [`enter`].
    Ruleset(Box<RulesetCreated>),
}

/// Opens the paths and makes the ruleset. Paths that do not exist are skipped.
pub(crate) fn build(order: &WallOrder) -> Result<Built, RulesetError> {
    let (reads, writes) = match order {
        WallOrder::Open { why } => return Ok(Built::Open(why.clone())),
        WallOrder::Paths { reads, writes } => (reads, writes),
    };
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(FILES))?
        .scope(Scope::from_all(SCOPES))?
        .create()?
        .add_rules(path_beneath_rules(reads, AccessFs::from_read(FILES)))?
        .add_rules(path_beneath_rules(writes, AccessFs::from_all(FILES)))?;
    Ok(Built::Ruleset(Box::new(ruleset)))
}

/// What a walled child of root keeps of root's powers: those over files, which the wall bounds, and over its own user
/// and ports. The others lead past the wall: with CAP_PERFMON or CAP_SYS_ADMIN, Linux 6.18 let a walled child of root
/// read `/proc/<pid>/environ` of a process outside.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::NET_BIND_SERVICE);

/// Gives up all capabilities but [`KEPT`]; `no_new_privs`, which must be set, keeps an exec from bringing them back.
fn give_up_powers() -> Result<(), Errno> {
    let now = capabilities(None)?;
    let permitted = now.permitted.intersection(KEPT);
    let effective = now.effective.intersection(KEPT);
    set_capabilities(None, CapabilitySets { effective, permitted, inheritable: CapabilitySet::empty() })
}

/// Restricts the calling thread and what it starts; says what was achieved.
pub(crate) fn enter(ruleset: RulesetCreated) -> Result<Wall, String> {
    let status = ruleset.restrict_self().map_err(|error| error.to_string())?;
    give_up_powers().map_err(|error| error.to_string())?;
    let enforced = match status.ruleset {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => true,
        RulesetStatus::NotEnforced => false,
    };
    Ok(match status.landlock {
        LandlockStatus::Available { effective_abi, .. } if enforced => Wall::Landlock(effective_abi as u32),
        LandlockStatus::Available { .. } => Wall::Open("landlock enforced nothing".to_owned()),
        LandlockStatus::NotEnabled => Wall::Open("kernel with landlock switched off".to_owned()),
        LandlockStatus::NotImplemented => Wall::Open("kernel without landlock".to_owned()),
    })
}
