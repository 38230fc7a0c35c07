package container

import (
	"slices"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// Update changes the resources that r has and leaves the others as they are, in the cgroup
// and in the state on disk, from which execs start. On error it sets the old values again.
//
// Update ignores device rules, as runc does, since other software, such as GPU managers,
// may have added rules.
func (c *Container) Update(r *specs.LinuxResources) error {
	c.updates.Lock() // an update starts from the state that the last one has written
	defer c.updates.Unlock()
	if err := check(OpUpdate, c.State()); err != nil {
		return err
	}
	// A libcontainer value of its own: the container can be killed while the kernel
	// reclaims memory for a lower limit, which may take long.
	lc, err := libcontainer.Load(stateRoot(c.Bundle), c.ID)
	if err != nil {
		return translate(err)
	}
	return translate(lc.Set(updated(lc.Config(), r)))
}

// updated returns the config with resources changed. The original, to which
// libcontainer goes back if the change fails, stays as it is.
func updated(config configs.Config, r *specs.LinuxResources) configs.Config {
	cgroup := *config.Cgroups
	resources := *cgroup.Resources
	cgroup.Resources = &resources
	config.Cgroups = &cgroup

	resources.SkipDevices = true
	resources.Freezer = cgroups.Undefined // a pause or resume may be under way
	if r.Memory != nil {
		setMemory(&resources, r.Memory)
	}
	if r.CPU != nil {
		setCPU(&resources, r.CPU)
	}
	if r.BlockIO != nil {
		setBlockIO(&resources, r.BlockIO)
	}
	if r.Pids != nil && r.Pids.Limit != nil {
		resources.PidsLimit = r.Pids.Limit
	}
	// libcontainer writes these last, so old ones would overwrite the new values above.
	resources.Unified = r.Unified
	return config
}

// set changes a value if there is a new one.
func set[T any](value, to *T) {
	if to != nil {
		*value = *to
	}
}

func setMemory(resources *cgroups.Resources, m *specs.LinuxMemory) {
	swap := m.Swap
	if swap == nil && m.Limit != nil && *m.Limit == -1 {
		swap = new(int64) // a limit of swap needs one of memory
	}
	set(&resources.Memory, m.Limit)
	set(&resources.MemoryReservation, m.Reservation)
	set(&resources.MemorySwap, swap)
	set(&resources.MemoryCheckBeforeUpdate, m.CheckBeforeUpdate)
}

func setCPU(resources *cgroups.Resources, cpu *specs.LinuxCPU) {
	shares := cpu.Shares
	if shares == nil && cpu.Idle != nil {
		shares = new(uint64) // the kernel takes no weight of an idle cgroup
	}
	if shares != nil {
		resources.CpuShares = *shares
		resources.CpuWeight = cgroups.ConvertCPUSharesToCgroupV2Value(*shares)
	}
	set(&resources.CpuPeriod, cpu.Period)
	set(&resources.CpuQuota, cpu.Quota)
	set(&resources.CpuRtPeriod, cpu.RealtimePeriod)
	set(&resources.CpuRtRuntime, cpu.RealtimeRuntime)
	if cpu.Burst != nil {
		resources.CpuBurst = cpu.Burst
	}
	if cpu.Idle != nil {
		resources.CPUIdle = cpu.Idle
	}
	if cpu.Cpus != "" {
		resources.CpusetCpus = cpu.Cpus
	}
	if cpu.Mems != "" {
		resources.CpusetMems = cpu.Mems
	}
}

func setBlockIO(resources *cgroups.Resources, b *specs.LinuxBlockIO) {
	set(&resources.BlkioWeight, b.Weight)
	set(&resources.BlkioLeafWeight, b.LeafWeight)
	resources.BlkioWeightDevice = withWeights(resources.BlkioWeightDevice, b.WeightDevice)
	for _, list := range []struct {
		own     *[]*cgroups.ThrottleDevice
		changed []specs.LinuxThrottleDevice
	}{
		{&resources.BlkioThrottleReadBpsDevice, b.ThrottleReadBpsDevice},
		{&resources.BlkioThrottleWriteBpsDevice, b.ThrottleWriteBpsDevice},
		{&resources.BlkioThrottleReadIOPSDevice, b.ThrottleReadIOPSDevice},
		{&resources.BlkioThrottleWriteIOPSDevice, b.ThrottleWriteIOPSDevice},
	} {
		*list.own = withThrottles(*list.own, list.changed)
	}
}

// withWeights returns the devices with changed and new ones.
func withWeights(own []*cgroups.WeightDevice, changed []specs.LinuxWeightDevice) []*cgroups.WeightDevice {
	own = slices.Clone(own)
	for _, d := range changed {
		is := func(o *cgroups.WeightDevice) bool { return o.Major == d.Major && o.Minor == d.Minor }
		var weight, leaf uint16
		if i := slices.IndexFunc(own, is); i >= 0 {
			weight, leaf = own[i].Weight, own[i].LeafWeight
			own = slices.DeleteFunc(own, is)
		}
		set(&weight, d.Weight)
		set(&leaf, d.LeafWeight)
		own = append(own, cgroups.NewWeightDevice(d.Major, d.Minor, weight, leaf))
	}
	return own
}

// withThrottles returns the devices with changed and new ones.
func withThrottles(own []*cgroups.ThrottleDevice, changed []specs.LinuxThrottleDevice) []*cgroups.ThrottleDevice {
	own = slices.Clone(own)
	for _, d := range changed {
		own = slices.DeleteFunc(own, func(o *cgroups.ThrottleDevice) bool { return o.Major == d.Major && o.Minor == d.Minor })
		own = append(own, cgroups.NewThrottleDevice(d.Major, d.Minor, d.Rate))
	}
	return own
}
