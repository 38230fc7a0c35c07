# `make` lists all targets. The README's two commands are demo and test: each installs
# missing packages (apt-get, as root) and builds what it needs.

GO  ?= go
export GO
# With ARCH on its command line, such as make test-vm ARCH=arm64, the machine of test-vm has another
# architecture than this one, and its binaries are cross-compiled. An ARCH of the environment is
# another project's.
ifneq ($(origin ARCH),command line)
ARCH :=
endif
export ARCH
BIN   := $(CURDIR)/build/$(ARCH:%=vm-%/)bin
CROSS := $(ARCH:%=deploy/packages/cross %)

# containerd and ctr are built from the version in go.mod with containerd's own
# go.mod, as upstream ships them; storage drivers that need C libraries are left out.
CONTAINERD      := github.com/containerd/containerd/v2
export CONTAINERD_TAGS := no_btrfs,no_devmapper,no_zfs
# The shims use only ttrpc. Without gRPC their binary, which is started three times for
# each container and once for each exec, is a third smaller.
SHIM_TAGS       := no_grpc
RUNC_MODULE     := github.com/opencontainers/runc
# Set it for sources without git, such as Vagrant's; otherwise binaries have the version
# that Go knows.
VERSION ?= $(shell deploy/packages/version 2>/dev/null)
STATICCHECK     := honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT      := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GOSEC           := github.com/securego/gosec/v2/cmd/gosec@v2.30.0
GOVULNCHECK     := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# The tests look for the binaries here.
export SECCOMP_SHIM_BIN := $(BIN)

SHIM  := $(BIN)/containerd-shim-seccomp-v1
INIT  := $(BIN)/seccomp-shim-init
CTL   := $(BIN)/seccompctl
PEERS := $(BIN)/containerd $(BIN)/ctr
ECHO  := $(BIN)/http-echo
# The changed copies of runc and ttrpc, and the go.mod that replaces the modules by them.
CHANGED := -modfile=$(CURDIR)/build/go.mod -tags=lastact
export CHANGED
PATCHED := $(CURDIR)/build/runc $(CURDIR)/build/ttrpc
# The shim knows the seccomp-shim-init of its folder by the build ID: see
# shim/container/initfile.
init_id = -X seccomp-shim/shim/container/initfile.buildID=$$($(GO) tool buildid $(1)/seccomp-shim-init)
DEMO  := $(BIN)/demo
# A folder of its own for runc and crun, because the tests' PATH must have none. Only the
# benchmark and the test of the pages use them.
BENCH := $(CURDIR)/build/bench
PROGRAM := $(BENCH)/program
# The shim and the runtimes that ours is compared with, as upstream ships them.
RUNC_SHIM := $(BENCH)/containerd-shim-runc-v2
RUNC_TOOL := $(BENCH)/runc
CRUN_TOOL := $(BENCH)/crun
RACE  := $(BIN)/race
# The payload of the node installer, with the installer itself.
INSTALLER := $(CURDIR)/build/installer
NODE_INSTALLER := $(BIN)/node-installer
EXPORTER := $(BIN)/seccomp-exporter
# The virtual machine of test-vm: its disks, kernel and logs.
VM   := $(CURDIR)/build/vm$(ARCH:%=-%)
# The virtual machines of test-node and test-vagrant.
NODE    := $(CURDIR)/build/node
VAGRANT := $(CURDIR)/build/vagrant

# The tests of test-matrix, and its versions of containerd.
MATRIX     ?= 1.6.20 1.7.35 2.0.14 2.1.9 2.2.9 2.3.7 2.4.2
MATRIXTEST ?= ^(TestLifecycle|TestRefusedCallIsAnEvent|TestUpgrade|TestDropInIsAccepted|TestHandlerIsListed|TestTutorialPods|TestNodeInstaller.*)$$
# A runc that fails on demand, for two tests of containerd's client suite.
RUNC_FP   := $(BENCH)/runc-fp
# The runtime under test of the suite, and the further binaries that it needs.
RUNTIME     ?= io.containerd.seccomp.v1
CONFORMANCE := $(CURDIR)/build/conformance
CONFORMANCE_PEERS := $(if $(filter io.containerd.runc.v2,$(RUNTIME)),$(RUNC_SHIM) $(RUNC_TOOL) $(RUNC_FP))

# The programs of e2e-kubernetes, built from the Go proxy.
KUBERNETES ?= v1.36.3
ETCD       ?= v3.6.16
CRICTL     ?= v1.36.0
CLUSTER    := $(CURDIR)/build/kubernetes
CLUSTER_BIN = $(CLUSTER)/$(KUBERNETES)-etcd-$(ETCD)-crictl-$(CRICTL)

# kind, and the folder of its machine and programs, for e2e-kind.
KIND     ?= v0.33.0
KIND_OUT := $(CURDIR)/build/kind

# The programs of test-docker, built from the Go proxy. NERDCTL is one that is installed.
DOCKER     ?= v28.5.2
DOCKER_BIN  = $(CURDIR)/build/docker/$(DOCKER)
NERDCTL    ?= $(shell command -v nerdctl 2>/dev/null)

# The program that builds images, and its flags, such as --build-arg NODE=... (docs/kind.md).
ENGINE ?= $(shell for e in docker podman buildah; do $$e info >/dev/null 2>&1 && echo $$e && break; done)
BUILD_FLAGS ?=
# No registry can have an image with these names: RFC 6761, .invalid.
INSTALLER_IMAGE := seccomp-shim.invalid/installer:local
NODE_IMAGE      := seccomp-shim.invalid/node:local
EXPORTER_IMAGE  := seccomp-shim.invalid/exporter:local

FUZZTIME ?= 60s
STRESS   ?= 1000
CHAOS    ?= 1m
export FUZZWORKERS ?= 2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help deps build demo installer installer-image exporter exporter-image kind-image test unit stress test-matrix test-vm bench-vm test-node \
	test-page test-vagrant test-docker e2e-kubernetes e2e-kind conformance bench deb release fuzz lint audit mutate fmt clean \
	$(PATCHED) $(SHIM) $(INIT) $(CTL) $(DEMO) $(INSTALLER) $(NODE_INSTALLER) $(EXPORTER) $(BENCH)/bench $(CONFORMANCE)/conformance

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The groups of .ci/deps that a target needs, besides "build".
demo test stress bench bench-vm mutate conformance test-matrix test-vm test-node test-vagrant test-docker e2e-kubernetes e2e-kind: DEPS += test
deps: ## install missing build dependencies (Debian and Ubuntu, as root)
	@.ci/deps build $(sort $(DEPS))

build: deps $(PATCHED) $(SHIM) $(CTL) ## build the shim and seccompctl into build/bin

demo: deps $(PATCHED) $(SHIM) $(CTL) $(PEERS) $(ECHO) $(DEMO) ## play the Kubernetes seccomp tutorial on a private containerd (root)
	$(DEMO) -bin $(BIN) -profiles integration/testdata/profiles

test: deps $(PATCHED) $(SHIM) $(CTL) $(EXPORTER) $(INSTALLER) $(PEERS) $(ECHO) $(RUNC_SHIM) $(RUNC_TOOL) ## run all tests; without root, those that can run
	@if [ "$$(id -u)" = 0 ]; then $(GO) test $(CHANGED) ./...; else $(MAKE) --no-print-directory unit; fi

# RUN is go test's -run, '.' for all tests. The default is the tests of cgroups and of the
# filters that the kernel runs. The machine is emulated: a busy host takes several times
# as long, and the limits follow. The machine prints how long it will take.
test-vm: DEPS += vm $(ARCH:%=cross vm-%)
test-vm: deps $(PATCHED) $(SHIM) $(CTL) $(PEERS) $(if $(ARCH),,$(ECHO)) $(VM)/root.img ## run the tests that touch cgroups, and pods, on cgroup v2, in qemu (root; 6 minutes with 2 idle CPUs)
	@CROSS='$(CROSS)' BIN='$(BIN)' integration/vm/run $(VM) $(if $(RUN),'$(RUN)')
# The virtual machine boots the image that kind-image builds.
test-node: DEPS += vm node
test-node: deps $(PEERS) $(RUNC_SHIM) $(RUNC_TOOL) ## test deploy/ on a node that kind-image makes, in qemu (root; 10 minutes)
	integration/node/image $(NODE) "$$($(GO) list -m -f '{{.Dir}}' $(CONTAINERD))" $(PEERS) $(RUNC_SHIM) $(RUNC_TOOL)
	integration/node/run $(NODE) .

test-vagrant: DEPS += vm vagrant
test-vagrant: deps $(PATCHED) ## test the Vagrantfile's machine, without Vagrant's box, in qemu (root; 10 minutes)
	integration/node/vagrant $(VAGRANT)

test-matrix: deps $(PATCHED) $(SHIM) $(CTL) $(INSTALLER) $(PEERS) $(ECHO) ## test a container's life on each version of containerd (root)
	@.ci/matrix '$(MATRIXTEST)' $(MATRIX)

# For example: make e2e-kubernetes KUBERNETES=v1.37.2 ETCD=v3.7.3 ARGS='-run TestTutorial'
# CHAOS is how long pods live on while containerd and the kubelet are restarted and killed;
# CHAOS=10m has 60 pods, and runs again with runc's shim: make e2e-kubernetes CHAOS=10m ARGS='-run TestChaos'
e2e-kubernetes: deps $(PATCHED) $(SHIM) $(EXPORTER) $(NODE_INSTALLER) $(PEERS) $(RUNC_SHIM) $(RUNC_TOOL) $(ECHO) $(CLUSTER_BIN)/kubelet ## play the tutorial by kubectl on a cluster of one node (root; 4 minutes, at first 10)
	SECCOMP_SHIM_KUBERNETES=$(CLUSTER_BIN) SECCOMP_SHIM_KUBERNETES_LOGS=$(CLUSTER)/logs CHAOS=$(CHAOS) \
		$(GO) test $(CHANGED) -count 1 -v -timeout 45m ./integration/kubernetes $(ARGS)

# For example: make test-docker NERDCTL=/usr/local/bin/nerdctl
test-docker: DEPS += docker
test-docker: deps $(PATCHED) $(SHIM) $(CTL) $(PEERS) $(RUNC_TOOL) $(DOCKER_BIN)/dockerd ## play a container's day with docker, and with nerdctl if there is one (root; 1 minute, at first 6)
	SECCOMP_SHIM_DOCKER=$(DOCKER_BIN) SECCOMP_SHIM_NERDCTL=$(NERDCTL) $(GO) test $(CHANGED) -count 1 -v -timeout 20m ./integration/docker $(ARGS)

# For example: make e2e-kind KIND=v0.33.0
e2e-kind: DEPS += vm node
e2e-kind: deps $(PEERS) $(ECHO) $(RUNC_SHIM) $(RUNC_TOOL) $(KIND_OUT)/programs/coredns ## play the tutorial on a cluster of two nodes that kind makes, in qemu (root; 40 minutes, at first an hour)
	integration/kind/image $(KIND_OUT) $(KUBERNETES) $(KIND) $(BIN) $(BENCH) $(ECHO)
	integration/kind/run $(KIND_OUT) $(or $(RUN),.)

unit: $(PATCHED) ## run the tests that need no root and no containerd
	$(GO) test $(CHANGED) $$($(GO) list ./... | grep -v /integration)
	@echo 'left out: integration/... (real containers; needs root)'

test-page: DEPS += page
test-page: deps ## look at the page of seccompctl report in headless Chromium (installs it: 300 MB)
	$(GO) test $(CHANGED) -count 1 -run TestLook -v ./cmd/seccompctl/page

# The shim under test is built with the race detector, and so is the test. Each of
# their processes would sleep for a second at its exit, so that reports can be written.
stress: deps $(PATCHED) $(SHIM) $(PEERS) ## race exits, starts, execs and kills, STRESS (1000) times each, under -race; starts under limits 40 times (root)
	@mkdir -p $(RACE)
	$(GO) build $(CHANGED) -race -trimpath -o $(RACE)/ ./cmd/seccomp-shim-init
	$(GO) build $(CHANGED) -race -trimpath -ldflags "$(call init_id,$(RACE))" -o $(RACE)/ ./cmd/containerd-shim-seccomp-v1
	cp -u $(PEERS) $(RACE)/
	GORACE=atexit_sleep_ms=0 SECCOMP_SHIM_BIN=$(RACE) STRESS=$(STRESS) $(GO) test $(CHANGED) -race -timeout 3h -count 1 -v -run '^TestStress$$' ./integration
	# Without the race detector, whose own memory would be measured too.
	STRESS=$(STRESS) $(GO) test $(CHANGED) -timeout 1h -count 1 -v -run '^TestStressExecs$$' ./integration
	SWEEPS=40 $(GO) test $(CHANGED) -timeout 1h -count 1 -run '^TestStartUnder' ./integration

fuzz: deps $(PATCHED) ## fuzz each target for FUZZTIME (60s) by FUZZWORKERS (2) at once
	.ci/fuzz $(FUZZTIME)

# For example: make bench ARGS='-o json'
bench: DEPS += crun strace
bench: deps $(PATCHED) $(SHIM) $(PEERS) $(RUNC_SHIM) $(RUNC_TOOL) $(CRUN_TOOL) $(PROGRAM) $(BENCH)/bench ## measure what seccomp costs, beside runc and crun (root; 20 minutes)
	@$(BENCH)/bench -bin $(BIN) -peers $(BENCH) $(ARGS)

bench-vm: DEPS += crun vm
bench-vm: deps $(PATCHED) $(SHIM) $(PEERS) $(RUNC_SHIM) $(RUNC_TOOL) $(CRUN_TOOL) $(PROGRAM) $(VM)/root.img ## the same on cgroup v2, in qemu: ratios of a few rounds (root; 15 minutes)
	@integration/vm/bench $(VM) $(BIN) $(BENCH) -parts life,exec -creates 15 -execs 30 $(ARGS)

# For example: make conformance RUNTIME=io.containerd.runc.v2 ARGS='-run TestContainer'
conformance: DEPS += suite
conformance: deps $(PATCHED) $(SHIM) $(PEERS) $(CONFORMANCE_PEERS) $(CONFORMANCE)/conformance ## run containerd's client suite with the shim (root; 5 minutes)
	@$(GO) mod download $(CONTAINERD) && $(CONFORMANCE)/conformance -runtime $(RUNTIME) -work $(CONFORMANCE) \
		-path $(BIN)$(if $(CONFORMANCE_PEERS),:$(BENCH)) -containerd "$$($(GO) list -m -f '{{.Dir}}' $(CONTAINERD))" $(ARGS)

# The packages are for this machine's architecture, and for VERSION.
PACKAGING = GO='$(GO)' MAKE='$(MAKE)' VERSION='$(VERSION)'
deb release: export SOURCE_DATE_EPOCH ?= $(shell deploy/packages/version -t)
release: export SIGN_KEY SOURCE_URL
deb: DEPS += deb
deb: deps ## build and check a Debian package and a tarball in build/deb
	@rm -rf build/deb
	@arch=$$(dpkg --print-architecture) && $(PACKAGING) deploy/packages/build "$$arch" build/deb && \
		$(PACKAGING) deploy/packages/check "$$arch" build/deb

# For example: make release SIGN_KEY=$$HOME/.ssh/id_ed25519 SOURCE_URL=https://...
release: DEPS += deb lintian cross sign
release: deps ## build the packages for amd64 and arm64 in build/release, with SBOMs, provenance and signed checksums (10 minutes)
	@$(PACKAGING) deploy/packages/release build/release

installer: deps $(INSTALLER) ## put together in build/installer what the node installer brings to a node

installer-image: ## build the node installer's image (with docker, podman or buildah)
	@[ -n "$(ENGINE)" ] || { echo 'needs docker, podman or buildah; none of them answers "info" here' >&2; exit 1; }
	$(ENGINE) build -t $(INSTALLER_IMAGE) -f deploy/installer/Dockerfile --build-arg VERSION=$(VERSION) $(BUILD_FLAGS) .

exporter: $(EXPORTER) ## build the exporter of metrics into build/bin

exporter-image: ## build the exporter's image (with docker, podman or buildah)
	@[ -n "$(ENGINE)" ] || { echo 'needs docker, podman or buildah; none of them answers "info" here' >&2; exit 1; }
	$(ENGINE) build -t $(EXPORTER_IMAGE) -f deploy/exporter/Dockerfile --build-arg VERSION=$(VERSION) $(BUILD_FLAGS) .

kind-image: installer-image ## build the image of a kind node whose containerd has the handler
	$(ENGINE) build -t $(NODE_IMAGE) -f deploy/kind/Dockerfile --build-arg INSTALLER=$(INSTALLER_IMAGE) $(BUILD_FLAGS) deploy/kind

lint: DEPS += lint
lint: deps $(PATCHED) ## check formatting, go vet, staticcheck, shellcheck, Dockerfiles, workflows
	@out=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$out" ] || { echo "not gofmt-ed: $$out" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) vet $(CHANGED) ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) run -C .ci/dockerfile . $(CURDIR)/deploy/*/Dockerfile
	$(GO) run $(ACTIONLINT) .github/workflows/*.yml
	shellcheck -S warning $$(git ls-files deploy | xargs grep -l -d skip '^#!/bin/sh')

audit: deps $(PATCHED) ## look for known faults: gosec, govulncheck, judged in docs/findings.md (2 minutes)
	.ci/audit $(GOSEC) $(GOVULNCHECK) $(SHIM_TAGS),netgo,osusergo

# For example: make mutate ARGS='-run capability', or ARGS='-from cache-checksum'
mutate: deps $(PATCHED) $(CTL) $(PEERS) $(ECHO) ## break a promise at a time, and see a test fail for it: docs/mutations.md (root; 10 minutes with 2 idle CPUs, twice that on a busy host)
	@$(GO) run ./integration/mutate $(ARGS)

fmt: ## format the Go sources
	gofmt -w $$(git ls-files '*.go')

clean: ## remove what was built
	rm -rf build

$(PATCHED) &: ; @$(GO) run ./shim/patch $(CURDIR)/build
# Linked statically the shim starts faster, and needs no libseccomp on the node. Both
# binaries have the same libseccomp, so that they compile the same programs.
LDFLAGS = -linkmode external -extldflags -static -X seccomp-shim/version.stamped=$(VERSION)
$(SHIM): private LDFLAGS += $(call init_id,$(@D))
$(SHIM): $(INIT)
$(INIT): private STRIP = -s -w
$(SHIM) $(INIT) $(CTL): $(PATCHED)
	$(CROSS) $(GO) build $(CHANGED),$(SHIM_TAGS),netgo,osusergo -trimpath -buildvcs=false -ldflags "$(LDFLAGS) $(STRIP)" -o $@ ./cmd/$(@F)
$(DEMO): $(PATCHED) ; $(GO) build -o $@ ./integration/demo
# Neither links runc or ttrpc, so neither needs their changed copies.
$(NODE_INSTALLER) $(EXPORTER):
	$(CROSS) env CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -X seccomp-shim/version.stamped=$(VERSION)' -o $@ ./cmd/$(@F)

# install(1) replaces an older binary, which may be running, by a new file.
$(INSTALLER): $(SHIM) $(CTL) $(NODE_INSTALLER)
	@mkdir -p $@/profiles
	install -t $@ $(NODE_INSTALLER) $(SHIM) $(INIT) $(CTL)
	install -m 644 -t $@ deploy/containerd/seccomp-*.toml
	install -m 644 -t $@/profiles integration/testdata/profiles/*.json

$(VM)/root.img: $(addprefix integration/vm/,image bootstrap disk tests.service) | deps
	integration/vm/image $(@D)

$(KIND_OUT)/programs/coredns: integration/kind/programs integration/kubernetes/build
	integration/kind/programs $(@D) $(KUBERNETES) $(ETCD) $(CRICTL) $(KIND)

$(CLUSTER_BIN)/kubelet: integration/kubernetes/build
	integration/kubernetes/build $(@D) $(KUBERNETES) $(ETCD) $(CRICTL)

$(DOCKER_BIN)/dockerd: integration/docker/build
	integration/docker/build $(@D) $(DOCKER)

$(BENCH)/bench: $(PATCHED) ; $(GO) build $(CHANGED) -o $@ ./integration/bench

$(CONFORMANCE)/conformance: $(PATCHED) ; $(GO) build -o $@ ./integration/conformance

# -static needs a C library without glibc's start-up syscalls: see integration/echo.
$(ECHO): integration/echo/echo.c
$(PROGRAM): integration/bench/program/program.c
$(ECHO) $(PROGRAM):
	@mkdir -p $(@D)
	musl-gcc -static -Os -Wall -Wextra -Werror -o $@ $<

$(RUNC_SHIM): export CGO_ENABLED := 0
$(RUNC_SHIM): CONTAINERD_TAGS := $(SHIM_TAGS)
$(RUNC_FP): CONTAINERD_CMD := ./integration/failpoint/cmd
$(PEERS) $(RUNC_SHIM) $(RUNC_FP): go.mod | $(PATCHED)
	@mkdir -p $(@D)
	@echo 'building $(@F) (once; about a minute)'
	$(GO) mod download $(CONTAINERD)
	dir=$$($(GO) list -m -f '{{.Dir}}' $(CONTAINERD)) && \
	version=$$($(GO) list -m -f '{{.Version}}' $(CONTAINERD)) && \
	$(CROSS) $(GO) build -C "$$dir" -tags $(CONTAINERD_TAGS) -trimpath \
		-ldflags "-X $(CONTAINERD)/version.Version=$$version" -o $@ $(or $(CONTAINERD_CMD),./cmd)/$(@F)

# As upstream ships it: with its own go.mod.
$(RUNC_TOOL): go.mod | $(PATCHED)
	@mkdir -p $(@D)
	version=$$($(GO) list -m -f '{{.Version}}' $(RUNC_MODULE)) && \
	cd / && $(GO) mod download $(RUNC_MODULE)@$$version && \
	$(GO) build -C "$$($(GO) env GOMODCACHE)/$(RUNC_MODULE)@$$version" -tags seccomp,urfave_cli_no_docs -trimpath -o $@ .

# Not installed, because the tests need a PATH without crun and runc.
$(CRUN_TOOL): integration/bench/newest-crun
	integration/bench/newest-crun $@
