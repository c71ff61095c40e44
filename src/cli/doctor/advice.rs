//! What to do about a jail that does not hold. Which kernel has what: Landlock 1 is Linux 5.13, 2 is 5.19, 3 is 6.2, 4 is
//! 6.7, 5 is 6.10, 6 is 6.12.

use super::attacks::Jail;

/// Where a part of a jail is missing.
pub(super) const SEE_ABOVE: &str = "see above what this kernel lacks, under the jails, and what to do";

/// What to do where the whole jail could be entered, and still something got through.
pub(super) const REPORT_IT: &str =
    "this should not be: please report it, with what airhatch --json doctor prints";

/// What would make a jail whole, or an attack on it fail.
pub(super) fn on(jail: &Jail) -> &'static str {
    match (jail.landlock, jail.seccomp) {
        (None, true) => {
            "use Linux 6.12 or newer with Landlock on (CONFIG_SECURITY_LANDLOCK=y, and landlock in CONFIG_LSM or in lsm= \
             at boot); in a container or sandbox, let it pass the calls landlock_*"
        }
        (Some(_), false) => {
            "use a kernel with CONFIG_SECCOMP_FILTER=y, on a 64-bit x86 or ARM processor; in a container or sandbox, let it \
             pass the call seccomp"
        }
        (None, false) => {
            "use Linux 6.12 or newer with CONFIG_SECCOMP_FILTER=y and Landlock on (landlock in CONFIG_LSM or in lsm= at \
             boot), on a 64-bit x86 or ARM processor; in a container or sandbox, let it pass seccomp and landlock_*"
        }
        (Some(_), true) if !jail.whole => "use Linux 6.12 or newer: its Landlock has all that is wanted",
        (Some(_), true) => REPORT_IT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jail(landlock: Option<u64>, seccomp: bool, whole: bool) -> Jail {
        Jail { strength: String::new(), sentences: Vec::new(), landlock, seccomp, whole }
    }

    #[test]
    fn each_missing_part_has_its_own_advice() {
        assert!(on(&jail(None, true, false)).contains("CONFIG_SECURITY_LANDLOCK"));
        assert!(on(&jail(Some(7), false, false)).contains("CONFIG_SECCOMP_FILTER"));
        let neither = on(&jail(None, false, false));
        assert!(neither.contains("CONFIG_SECCOMP_FILTER") && neither.contains("Landlock"));
        assert!(on(&jail(Some(4), true, false)).contains("6.12"));
        assert_eq!(on(&jail(Some(7), true, true)), REPORT_IT);
    }
}
