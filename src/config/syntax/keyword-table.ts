import { settingNames, tableSizeNames } from '../../model/index.ts'
import type { Container } from './keywords.ts'

/**
 * Every keyword position of keepalived.conf(5) as of keepalived 2.4.3: 531 of them in 29 containers, and what becomes of
 * each. `supported` has a meaning here; `accepted` is read and changes nothing, without a word; `unsupported` is known
 * and answered with "not supported yet". Words separated by blanks. `own` are supported words that keepalived does not
 * have: ours, and those of LVS-FULLNAT and DPVS.
 */
export const keywordTable: Readonly<
  Record<
    Container,
    { readonly supported: string; readonly accepted: string; readonly unsupported: string; readonly own?: string }
  >
> = {
  root: {
    supported: `
      garp_group interface_up_down_delays
      bfd_instance child_wait_time global_defs track_file virtual_server virtual_server_group vrrp_instance vrrp_script
      vrrp_sync_group vrrp_track_file vrrp_track_process
      static_ipaddress static_routes static_rules track_group net_namespace net_namespace_ipvs
    `,
    accepted: `
      linkbeat_interfaces linkbeat_use_polling namespace_with_ipsets
    `,
    unsupported: `
      instance
      SSL use_pid_dir
    `,
    own: 'local_address_group lvs_settings',
  },
  lvs_settings: {
    supported: '',
    accepted: '',
    unsupported: '',
    own: `${tableSizeNames.join(' ')} interfaces xdp ${settingNames.join(' ')}`,
  },
  global_defs: {
    supported: `
      config_save_dir process_name process_names umask json_dump_file json_version stats_dump_file reload_file reload_repeat reload_time_file
      vrrp_cpu_affinity vrrp_priority vrrp_process_name checker_cpu_affinity checker_priority
      checker_process_name checker_rt_priority lvs_process_name
      disable_local_igmp dynamic_interfaces log_unknown_vrids max_auto_priority min_auto_priority_delay vrrp_delay_after_boot
      no_checker_emails no_email_faults smtp_alert smtp_alert_checker smtp_alert_vrrp
      fifo_write_vrrp_states_on_reload rs_init_notifies shutdown_script_timeout startup_script_timeout vrrp_notify_priority_changes
      set_supplementary_groups
      notify_fifo notify_fifo_script vrrp_notify_fifo vrrp_notify_fifo_script lvs_notify_fifo lvs_notify_fifo_script
      default_interface iproute_etc_dir iproute_usr_dir
      checker_log_all_failures enable_script_security lvs_flush lvs_flush_on_stop lvs_flush_onstop lvs_timeouts
      notification_email notification_email_from router_id script_user shutdown_script smtp_connect_timeout
      smtp_helo_name smtp_server startup_script state_dump_file v3_checksum_as_v2 vrrp_check_unicast_src
      vrrp_down_timer_adverts vrrp_garp_interval vrrp_garp_lower_prio_delay vrrp_garp_lower_prio_repeat
      vrrp_garp_master_delay vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat vrrp_garp_master_repeat
      vrrp_gna_interval vrrp_higher_prio_send_advert vrrp_lower_prio_no_advert vrrp_mcast_group4 vrrp_mcast_group6
      vrrp_min_garp vrrp_owner_ignore_adverts vrrp_rt_priority vrrp_skip_check_adv_addr vrrp_startup_delay vrrp_version
      nftables nftables_counters nftables_ifindex nftables_priority vmac_addr_prefix vmac_prefix vrrp_ipsets
      vrrp_iptables vrrp_strict vrrp_garp_extra_if vrrp_vmac_garp_intvl vrrp_rx_bufs_multiplier vrrp_rx_bufs_policy
    `,
    accepted: `
      lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs
      lvs_netlink_monitor_rcv_bufs_force vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force
      vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force
      process_monitor_rcv_bufs process_monitor_rcv_bufs_force
      bfd_cpu_affinity bfd_no_swap bfd_priority bfd_process_name bfd_rlimit_rtime bfd_rlimit_rttime bfd_rt_priority
      checker_rlimit_rtime checker_rlimit_rttime vrrp_rlimit_rtime vrrp_rlimit_rttime
      checker_no_swap vrrp_no_swap data_use_instance random_seed reload_check_config tmp_config_directory use_symlink_paths
      snmp_rs_stats_update_interval snmp_socket snmp_vs_stats_update_interval
      enable_snmp_checker enable_snmp_keepalived enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_snmp_vrrp enable_traps
    `,
    unsupported: `
      dbus_no_interface_name dbus_service_name enable_dbus include_check
      lvs_sync_daemon
      nftables_ipvs nftables_ipvs_priority nftables_ipvs_start_fwmark
    `,
  },
  vrrp_instance: {
    supported: `
      thread_timer_expired timer_expired_backup unicast_fault_no_peer
      notify_priority_changes smtp_alert
      accept advert_int auth_hmac authentication check_unicast_src dont_track_primary down_timer_adverts
      garp_lower_prio_delay garp_lower_prio_repeat garp_master_delay garp_master_refresh
      garp_master_refresh_repeat garp_master_repeat higher_prio_send_advert interface lower_prio_no_advert
      mcast_dst_ip mcast_src_ip native_ipv6 no_virtual_ipaddress nopreempt notify notify_backup notify_deleted
      notify_fault notify_master notify_master_rx_lower_pri notify_stop owner_ignore_adverts preempt preempt_delay
      priority skip_check_adv_addr state track_bfd track_file track_interface track_process track_script unicast_peer unicast_src_ip unicast_ttl v3_checksum_as_v2 version
      virtual_ipaddress virtual_ipaddress_excluded virtual_router_id
      garp_extra_if kernel_rx_buf_size no_accept old_unicast_checksum promote_secondaries strict_mode vmac_garp_intvl
      use_ipvlan use_vmac use_vmac_addr vmac_xmit_base
      virtual_routes virtual_rules
    `,
    accepted: `
      linkbeat_use_polling lvs_sync_daemon_interface
      debug track_src_ip
    `,
    unsupported: `
      vrf
    `,
  },
  'vrrp_instance/authentication': {
    supported: `
      auth_pass auth_type
    `,
    accepted: '',
    unsupported: '',
  },
  'vrrp_instance/auth_hmac': {
    supported: `
      active_key anti_replay key mode time_window
    `,
    accepted: '',
    unsupported: '',
  },
  vrrp_sync_group: {
    supported: `
      notify_priority_changes smtp_alert
      global_tracking group notify notify_backup notify_fault notify_master notify_stop
      sync_group_tracking_weight track_bfd track_file track_interface track_process track_script
    `,
    accepted: '',
    unsupported: '',
  },
  vrrp_script: {
    supported: `
      fall init_fail interval rise script timeout user weight
    `,
    accepted: '',
    unsupported: '',
  },
  track_file: {
    supported: `
      file init_file weight
    `,
    accepted: '',
    unsupported: '',
  },
  vrrp_track_file: {
    supported: `
      file init_file weight
    `,
    accepted: '',
    unsupported: '',
  },
  vrrp_track_process: {
    supported: `
      delay fork_delay full_command param_match process quorum quorum_max terminate_delay weight
    `,
    accepted: '',
    unsupported: '',
  },
  bfd_instance: {
    supported: `
      checker hoplimit idle_tx max_hops min_rx min_tx multihop multiplier neighbor_ip neighbour_ip passive
      source_ip ttl vrrp weight
    `,
    accepted: '',
    unsupported: '',
  },
  track_group: {
    supported: `
      group
    `,
    accepted: '',
    unsupported: '',
  },
  garp_group: {
    supported: `
      garp_interval gna_interval interface interfaces
    `,
    accepted: '',
    unsupported: '',
  },
  SSL: {
    supported: '',
    accepted: '',
    unsupported: `
      ca certificate key password
    `,
  },
  virtual_server: {
    supported: `
      smtp_alert
      alpha connect_timeout delay_before_retry delay_loop hysteresis inhibit_on_failure ip_family lb_algo lb_kind
      lvs_method lvs_sched omega ops persistence_granularity persistence_timeout protocol quorum quorum_down
      quorum_up real_server retry sorry_server sorry_server_inhibit sorry_server_lvs_method virtualhost warmup
      weight flag-1 flag-2 flag-3 mh-fallback mh-port persistence_engine sh-fallback sh-port
    `,
    accepted: `
      snmp_name
      hashed
    `,
    unsupported: `
      ha_suspend
    `,
    own: 'laddr_group_name toa',
  },
  'virtual_server/real_server': {
    supported: `
      smtp_alert
      alpha BFD_CHECK connect_timeout delay_before_retry delay_loop HTTP_GET inhibit_on_failure lthreshold lvs_method
      notify_down notify_up retry TCP_CHECK uthreshold virtualhost warmup weight
    `,
    accepted: `
      snmp_name
    `,
    unsupported: `
      DNS_CHECK FILE_CHECK MISC_CHECK PING_CHECK SMTP_CHECK SSL_GET UDP_CHECK
    `,
  },
  'virtual_server/real_server/BFD_CHECK': {
    supported: `
      alpha name
    `,
    accepted: '',
    unsupported: '',
  },
  'virtual_server/real_server/DNS_CHECK': {
    supported: '',
    accepted: '',
    unsupported: `
      alpha bind_if bind_port bindto connect_ip connect_port connect_timeout delay_before_retry delay_loop fwmark
      log_all_failures name retry type warmup
    `,
  },
  'virtual_server/real_server/FILE_CHECK': {
    supported: '',
    accepted: '',
    unsupported: `
      track_file weight
    `,
  },
  'virtual_server/real_server/HTTP_GET': {
    supported: `
      alpha bind_if bind_port bindto connect_ip connect_port connect_timeout delay_before_retry delay_loop
      fast_recovery fwmark http_protocol log_all_failures nb_get_retry retry url virtualhost warmup
    `,
    accepted: `
      enable_sni sni_name
    `,
    unsupported: '',
  },
  'virtual_server/real_server/HTTP_GET/url': {
    supported: `
      digest path status_code virtualhost
    `,
    accepted: '',
    unsupported: `
      regex regex_max_offset regex_min_offset regex_no_match regex_options regex_stack
    `,
  },
  'virtual_server/real_server/MISC_CHECK': {
    supported: '',
    accepted: '',
    unsupported: `
      alpha delay_before_retry delay_loop log_all_failures misc_dynamic misc_path misc_timeout retry user warmup
    `,
  },
  'virtual_server/real_server/PING_CHECK': {
    supported: '',
    accepted: '',
    unsupported: `
      alpha bind_if bind_port bindto connect_ip connect_port connect_timeout delay_before_retry delay_loop fwmark
      log_all_failures retry warmup
    `,
  },
  'virtual_server/real_server/SMTP_CHECK': {
    supported: '',
    accepted: '',
    unsupported: `
      alpha bind_if bind_port bindto connect_ip connect_port connect_timeout delay_before_retry delay_loop fwmark
      helo_name host log_all_failures retry warmup
    `,
  },
  'virtual_server/real_server/SMTP_CHECK/host': {
    supported: '',
    accepted: '',
    unsupported: `
      alpha bind_if bind_port bindto connect_ip connect_port connect_timeout delay_before_retry delay_loop fwmark
      log_all_failures retry warmup
    `,
  },
  'virtual_server/real_server/SSL_GET': {
    supported: '',
    accepted: '',
    unsupported: `
      alpha bind_if bind_port bindto connect_ip connect_port connect_timeout delay_before_retry delay_loop
      enable_sni fast_recovery fwmark http_protocol log_all_failures nb_get_retry retry sni_name tls_compliant url
      virtualhost warmup
    `,
  },
  'virtual_server/real_server/SSL_GET/url': {
    supported: '',
    accepted: '',
    unsupported: `
      digest path regex regex_max_offset regex_min_offset regex_no_match regex_options regex_stack status_code
      tls_compliant virtualhost
    `,
  },
  'virtual_server/real_server/TCP_CHECK': {
    supported: `
      alpha bind_if bind_port bindto connect_ip connect_port connect_timeout delay_before_retry delay_loop fwmark
      log_all_failures retry warmup
    `,
    accepted: '',
    unsupported: '',
  },
  'virtual_server/real_server/UDP_CHECK': {
    supported: '',
    accepted: '',
    unsupported: `
      alpha bind_if bind_port bindto connect_ip connect_port connect_timeout delay_before_retry delay_loop fwmark
      log_all_failures max_reply_length min_reply_length payload require_reply retry warmup
    `,
  },
}
