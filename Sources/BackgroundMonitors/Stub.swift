package import BackgroundSurroundings
package struct SystemClocks: TimeSource { package init() {}
 package func now() -> Moment { fatalError() }
 package func makeAlarm(_ action: @escaping @Sendable () -> Void) -> any Alarm { fatalError() } }
package struct HostConditions: ConditionsSource { package init(externalPower: (@Sendable () -> Bool?)?) {}
 package func observe() -> Conditions { fatalError() }
 package func watch(_ onChange: @escaping @Sendable (Conditions) -> Void) -> any ConditionsWatch { fatalError() } }
package struct HostFacts { package var machineID = "", bootID = "", executablePath = "", processID: Int32 = 0, userID: UInt32 = 0
 package static func current() -> HostFacts { HostFacts() } }
