build_faults() { :; }
build_disks() { :; }
