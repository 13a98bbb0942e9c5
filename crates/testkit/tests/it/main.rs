//! The fake model server, the real command lines against it, and the sandbox, from outside.

#[cfg(test)]
mod client;
#[cfg(test)]
mod clis;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod server;
