//! Bytes, rates, moments and durations in words of few columns.

use airhatch_wire::{Fingerprint, UnixMillis};
use bytesize::ByteSize;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// `4.2 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    ByteSize(bytes).display().si().to_string()
}

/// A size as it is typed, without loss: `10MB`, `1500B`.
pub(crate) fn exact_size(size: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let unit = units.iter().find(|(unit, _)| size > 0 && size.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{size}B"), |(unit, name)| format!("{}{name}", size / unit))
}

/// `1.2 MB/s`.
pub(crate) fn rate(bytes_a_second: u64) -> String {
    format!("{}/s", bytes(bytes_a_second))
}

/// `63 %`; 100 only when all is there.
pub(crate) fn percent(done: u64, total: u64) -> String {
    let share = if done >= total { 100 } else { u128::from(done) * 100 / u128::from(total.max(1)) };
    format!("{share} %")
}

/// `0:42`, `12:05`, `3:20 h`, `4 d`: time left, by seconds.
pub(crate) fn left(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match hours {
        0 => format!("{minutes}:{:02}", seconds % 60),
        1..48 => format!("{hours}:{:02} h", minutes % 60),
        _ => format!("{} d", hours / 24),
    }
}

/// A moment as people say it: `14:02` today, `Mon 14:02` within days, else `12 Mar`, with the year when it is another.
/// Nothing relative: such a word would be wrong a minute later.
pub(crate) fn clock(at: UnixMillis, now: UnixMillis, zone: &TimeZone) -> String {
    let (Some(at), Some(now)) = (zoned(at, zone), zoned(now, zone)) else {
        return "?".to_owned();
    };
    let days = at.date().since(now.date()).map_or(i32::MAX, |span| span.get_days().abs());
    let form = match days {
        0 => "%H:%M",
        1..=5 => "%a %H:%M",
        _ if at.year() == now.year() => "%-d %b",
        _ => "%-d %b %Y",
    };
    at.strftime(form).to_string()
}

/// A fingerprint in four lines of four groups, to be read aloud and compared.
pub(crate) fn fingerprint_lines(fingerprint: &Fingerprint) -> Vec<String> {
    fingerprint_rows(fingerprint, 4)
}

/// A fingerprint in lines of so many groups.
pub(crate) fn fingerprint_rows(fingerprint: &Fingerprint, groups_a_row: usize) -> Vec<String> {
    let text = fingerprint.to_string();
    let groups: Vec<&str> = text.split(' ').collect();
    groups.chunks(groups_a_row.max(1)).map(|line| line.join(" ")).collect()
}

fn zoned(at: UnixMillis, zone: &TimeZone) -> Option<Zoned> {
    let at = Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
    Some(at.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;

    #[test]
    fn moments_are_told_as_shortly_as_they_are_clear() {
        let now = UnixMillis(1_700_000_000_000);
        let told = |at: u64| clock(UnixMillis(at), now, &TimeZone::UTC);
        assert_eq!(told(now.0), "22:13");
        assert_eq!(told(now.0 - 2 * DAY), "Sun 22:13");
        assert_eq!(told(now.0 - 60 * DAY), "15 Sep");
        assert_eq!(told(now.0 - 700 * DAY), "14 Dec 2021");
        assert_eq!(told(u64::MAX), "?");
    }

    #[test]
    fn durations_and_shares_do_not_lie() {
        assert_eq!([left(42), left(725), left(12_000), left(400_000)], ["0:42", "12:05", "3:20 h", "4 d"]);
        assert_eq!(
            [percent(999, 1_000), percent(0, 0), percent(u64::MAX, u64::MAX)],
            ["99 %", "100 %", "100 %"]
        );
        assert_eq!([bytes(0), bytes(4_200_000), rate(1_500)], ["0 B", "4.2 MB", "1.5 kB/s"]);
    }

    #[test]
    fn a_size_to_be_edited_loses_nothing() {
        for (size, typed) in [
            (10_000_000, "10MB"),
            (1_500, "1500B"),
            (2_000, "2kB"),
            (0, "0B"),
            (u64::MAX, "18446744073709551615B"),
        ] {
            assert_eq!(exact_size(size), typed);
        }
    }

    #[test]
    fn a_fingerprint_has_four_even_lines() {
        let lines = fingerprint_lines(&Fingerprint([0xab; 32]));
        assert_eq!(lines, vec!["abab abab abab abab"; 4]);
    }
}
