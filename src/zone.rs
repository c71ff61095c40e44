//! Where the user's clocks are. Read from the system once: its files cannot be opened in the jail, and one run of the
//! program stays in one zone.

use std::sync::OnceLock;

use jiff::tz::TimeZone;

static ZONE: OnceLock<TimeZone> = OnceLock::new();

/// The zone of this run. Asked first by the way into the jail; UTC where the system does not tell.
pub(crate) fn zone() -> &'static TimeZone {
    ZONE.get_or_init(TimeZone::system)
}
