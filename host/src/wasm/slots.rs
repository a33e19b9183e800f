//! A gate in front of the instance pool: as many calls at once as the pool has room for, the others wait.
//!
//! Without it a burst of calls would fail for want of a slot, and an innocent policy would be charged with a fault. The
//! wait is bounded because each call ahead is bounded by its own deadline.

use std::sync::{Condvar, Mutex, PoisonError};

/// The gate.
pub(super) struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

/// A slot taken; it is given back when this is dropped.
pub(super) struct Slot<'a>(&'a Slots);

impl Slots {
    /// A gate for `count` calls at once, at least 1.
    pub(super) fn new(count: usize) -> Self {
        Self { free: Mutex::new(count), freed: Condvar::new() }
    }

    /// Waits for a slot.
    pub(super) fn take(&self) -> Slot<'_> {
        // A poisoned counter is still right: nothing panics between reading and writing it.
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn never_more_at_once_than_there_are_slots() {
        let slots = Slots::new(2);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _slot = slots.take();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!((1..=2).contains(&most.into_inner()));
    }
}
