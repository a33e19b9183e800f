//! Scenarios: one campaign at a fake platform, tick by tick, through every rule of the control cycle; and properties
//! that hold whatever happens.

#[cfg(test)]
mod abandonment;
#[cfg(test)]
mod breaker;
#[cfg(test)]
mod campaign;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod people;
#[cfg(test)]
mod platform;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod script;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod start;
#[cfg(test)]
mod story;
mod trial;
