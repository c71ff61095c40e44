//! Where engines are looked for, and what each kind of trouble there is called.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::os::unix::net::UnixListener;

use bollard::models::SystemVersionComponents;

use super::*;

fn at(host: &str) -> Surroundings {
    Surroundings { docker_host: Some(host.into()), ..Surroundings::default() }
}

#[test]
fn a_person_s_word_is_the_only_place_to_look() {
    assert_eq!(at("unix:///a/b.sock").sockets().unwrap(), [PathBuf::from("/a/b.sock")]);
    for host in ["tcp://10.0.0.1:2375", "ssh://x", "unix://a/b", "/var/run/docker.sock", "unix://"] {
        assert!(matches!(at(host).sockets(), Err(EngineError::Address(_))), "{host}");
    }
}

#[test]
fn a_person_s_own_engine_comes_before_the_system_s() {
    let sockets = Surroundings { user: 1000, ..Surroundings::default() }.sockets().unwrap();
    let own = sockets.iter().position(|socket| socket.starts_with("/run/user/1000")).unwrap();
    let system = sockets.iter().position(|socket| socket.ends_with("run/docker.sock")).unwrap();
    assert!(own < system, "{sockets:?}");
}

#[tokio::test]
async fn a_missing_a_dead_and_a_garbled_socket_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    let surroundings = at(&format!("unix://{}", socket.display()));
    assert!(matches!(find_from(&surroundings).await, Err(EngineError::Dead(_))));
    drop(UnixListener::bind(&socket).unwrap());
    assert!(matches!(find_from(&surroundings).await, Err(EngineError::Dead(_))));
    let nowhere = Surroundings { runtime_folder: Some(folder.path().into()), ..Surroundings::default() };
    assert!(matches!(open(&nowhere.sockets().unwrap()[0]).await, Err(None)));
}

#[test]
fn only_an_api_that_has_everything_is_taken() {
    for api in ["1.41", "1.53", "2.0"] {
        assert!(new_enough(api), "{api}");
    }
    for api in ["1.40", "1.4", "0.99", "", "1", "x.y", "1.41.1"] {
        assert!(!new_enough(api), "{api}");
    }
}

#[test]
fn kinds_of_engines_are_told_by_what_they_say_of_themselves() {
    let docker = SystemVersion { version: Some("20.10.24".to_owned()), ..SystemVersion::default() };
    let info = |option: &str| SystemInfo {
        security_options: Some(vec!["name=seccomp,profile=default".to_owned(), option.to_owned()]),
        ..SystemInfo::default()
    };
    assert_eq!(dialect(&docker, &info("name=cgroupns")), Dialect::Docker);
    assert_eq!(dialect(&docker, &info("name=rootless")), Dialect::DockerRootless);
    assert_eq!(dialect(&docker, &info("name=userns")), Dialect::DockerRemapped);
    assert_eq!(product(&docker), "Docker 20.10.24");
    let component = SystemVersionComponents { name: "Podman Engine".to_owned(), ..Default::default() };
    let podman = SystemVersion { components: Some(vec![component]), ..docker };
    assert!(dialect(&podman, &info("")).is_podman());
    assert_eq!(product(&podman), "Podman 20.10.24");
}

#[test]
fn an_engine_in_a_virtual_machine_is_told_from_one_beside_us() {
    let info =
        |system: &str| SystemInfo { operating_system: Some(system.to_owned()), ..SystemInfo::default() };
    assert!(is_distant(&info("Docker Desktop")));
    assert!(!is_distant(&info("Debian GNU/Linux 12 (bookworm)")));
    assert!(!is_distant(&SystemInfo::default()));
}
