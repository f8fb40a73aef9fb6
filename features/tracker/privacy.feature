Feature: What leaves the machine is what the user has agreed to

  Background:
    Given an aggregator with a key for "telemetry_full" and "telemetry_minimized"

  Scenario: The tier local sends nothing
    Given a license for "telemetry_full"
    When a session of 1 feature on 0.5 capacity is kept
    And I run "tracker upload"
    Then it exits with 1
    And it complains "the tier is local"
    And the aggregator has 0 events and 0 summaries
    And "metrics_summary.json" says that features_per_capacity is 2

  Scenario: The tier minimized sends seven keys of the summary, as the preview shows them
    Given a license for "telemetry_minimized"
    And the tier is "minimized"
    When a session of 1 feature on 0.25 capacity is kept
    Then the aggregator has 0 events and 1 summary
    And the newest summary there is what "tracker privacy preview" would have shown
    And the newest summary there says that features_per_capacity is 4

  Scenario: The tier full sends events too, in their order
    Given a license for "telemetry_full"
    And the tier is "full"
    When a session of 1 feature on 0.75 capacity is kept
    Then the aggregator has 3 events and 1 summary
    And the events of the session there are "session, turn, session_end"
    And the aggregator knows neither "feature/checkout" nor "please keep this to yourself"

  Scenario: Without the entitlement nothing is sent, and the reason is said
    Given a license for "zai_offload"
    And the tier is "minimized"
    When a session of 1 feature on 1 capacity is kept
    And I run "tracker upload"
    Then it exits with 1
    And it complains "needs telemetry_minimized, and the license \(plan pro\) does not include telemetry_minimized"
    And the aggregator has 0 events and 0 summaries

  Scenario: What could not be sent arrives once, later
    Given a license for "telemetry_full"
    And the tier is "full"
    And the aggregator is killed
    When a session of 1 feature on 1 capacity is kept
    And I run "tracker upload --for 0"
    Then it exits with 1
    When the aggregator is started again
    And I run "tracker upload"
    And I run "tracker upload --again"
    Then it exits with 0
    And the aggregator has 3 events and 1 summary
