//! What people use otherwise: programs over a private sshd on loopback, with keys of its own, in a folder of its own.
//! wormhole-rs and sendme are not among them: by default two of them meet through servers of others, not on loopback.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use airhatch_tests::{Program, eventually};

use crate::disk::{Work, sync};
use crate::programs::find;

/// The cipher that ssh is fastest with.
const CIPHER: &str = "aes128-gcm@openssh.com";

/// A way to copy a folder to the other end; `$1` is the source, `$2` the target, `$3` the only file, `$SSH` an ssh that
/// needs no questions.
struct Recipe {
    name: &'static str,
    needs: &'static [&'static str],
    takes_folders: bool,
    script: &'static str,
}

const RECIPES: [Recipe; 4] = [
    Recipe {
        name: "scp aes128-gcm",
        needs: &["scp"],
        takes_folders: true,
        script: "scp -q -r -S \"$SSH\" \"$1\" \"127.0.0.1:$2\"",
    },
    Recipe {
        name: "rsync -a",
        needs: &["rsync"],
        takes_folders: true,
        script: "rsync -a -e \"$SSH\" --rsync-path \"$RSYNC\" \"$1/\" \"127.0.0.1:$2/\"",
    },
    Recipe {
        name: "tar | ssh tar",
        needs: &["tar"],
        takes_folders: true,
        script: "tar c -C \"$1\" . | \"$SSH\" 127.0.0.1 \"tar x -C '$2'\"",
    },
    Recipe {
        name: "rage | ssh | rage",
        needs: &["rage", "rage-keygen"],
        takes_folders: false,
        script: "rage -r \"$RECIPIENT\" < \"$3\" | \"$SSH\" 127.0.0.1 \"'$RAGE' -d -i '$IDENTITY' > '$2/file'\"",
    },
];

/// One of them, ready to run, or why it is not.
pub(crate) struct Contender {
    /// What it is called in the report.
    pub(crate) name: String,
    /// It copies more than one file.
    pub(crate) takes_folders: bool,
    script: &'static str,
    ready: Result<Arc<Server>, String>,
}

/// A private sshd, and what is needed to reach it.
struct Server {
    _program: Program,
    ssh: PathBuf,
    rage: Option<Rage>,
}

struct Rage {
    identity: PathBuf,
    recipient: String,
}

/// All of them; the sshd lives as long as they do.
pub(crate) async fn contenders(folder: &Path) -> Vec<Contender> {
    let server = Server::start(&folder.join("ssh")).await.map(Arc::new);
    RECIPES
        .iter()
        .map(|recipe| {
            let missing = recipe.needs.iter().find(|program| find(program).is_none());
            let ready =
                missing.map_or_else(|| server.clone(), |name| Err(format!("{name} is not installed")));
            let Recipe { name, takes_folders, script, .. } = *recipe;
            Contender { name: name.to_owned(), takes_folders, script, ready }
        })
        .collect()
}

impl Contender {
    /// Copies a work and syncs the copy; how long both took.
    ///
    /// # Errors
    /// Why there is no copy.
    pub(crate) async fn copy(&self, work: &Work, folder: &Path) -> Result<Duration, String> {
        let server = self.ready.clone()?;
        let target = folder.join("target");
        fs::create_dir(&target).unwrap();
        let mut command = server.shell(self.script);
        command.arg(&work.folder).arg(&target).arg(work.file());
        let place = target.clone();
        let copying = tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            let output = command.output().map_err(|error| error.to_string())?;
            if !output.status.success() {
                let words = String::from_utf8_lossy(&output.stderr);
                return Err(words.lines().next().unwrap_or("it failed without a word").to_owned());
            }
            sync(&place).map_err(|error| error.to_string())?;
            Ok(begun.elapsed())
        });
        let outcome = copying.await.unwrap();
        let whole = outcome.as_ref().map_err(Clone::clone).and_then(|_| work.compare(&target));
        fs::remove_dir_all(&target).unwrap();
        whole.and(outcome)
    }
}

impl Server {
    async fn start(folder: &Path) -> Result<Self, String> {
        let (Some(sshd), Some(ssh), Some(keygen)) = (find("sshd"), find("ssh"), find("ssh-keygen")) else {
            return Err("sshd, ssh and ssh-keygen are not all installed".to_owned());
        };
        fs::create_dir(folder).unwrap();
        for key in ["host", "client"] {
            let made = Command::new(&keygen)
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(folder.join(key))
                .status();
            made.ok().filter(|status| status.success()).ok_or("ssh-keygen makes no keys")?;
        }
        fs::copy(folder.join("client.pub"), folder.join("authorized")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n",
            at("host"),
            at("authorized"),
        );
        fs::write(folder.join("config"), config).unwrap();
        let wrapper = format!(
            "#!/bin/sh\nexec '{}' -F none -i '{}' -p {port} -c {CIPHER} -o IdentitiesOnly=yes \
             -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \"$@\"\n",
            ssh.display(),
            at("client"),
        );
        let ssh = folder.join("ssh");
        fs::write(&ssh, wrapper).unwrap();
        fs::set_permissions(&ssh, PermissionsExt::from_mode(0o755)).unwrap();
        let mut command = Command::new(sshd);
        command.args(["-D", "-e", "-f"]).arg(folder.join("config"));
        let mut program = Program::start(command, &folder.join("log"));
        eventually("an sshd that answers or ends", async || {
            let there = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok();
            (there || !program.runs()).then_some(())
        })
        .await;
        if !program.runs() {
            return Err(format!("sshd does not start: {}", program.log().trim()));
        }
        Ok(Self { _program: program, ssh, rage: Rage::make(folder) })
    }

    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-ec", script, "sh"]).env("SSH", &self.ssh);
        for (name, program) in [("RSYNC", "rsync"), ("RAGE", "rage")] {
            command.env(name, find(program).unwrap_or_default());
        }
        if let Some(rage) = &self.rage {
            command.env("IDENTITY", &rage.identity).env("RECIPIENT", &rage.recipient);
        }
        command
    }
}

impl Rage {
    fn make(folder: &Path) -> Option<Self> {
        let identity = folder.join("identity");
        let made = Command::new(find("rage-keygen")?).arg("-o").arg(&identity).output().ok()?;
        let text = fs::read_to_string(&identity).ok().filter(|_| made.status.success())?;
        let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: "))?.to_owned();
        Some(Self { identity, recipient })
    }
}
