@chaos
Feature: Whatever goes wrong, all who counted have counted the same

  Clients, two providers, the shim and the tracker, while one thing goes wrong all the time; then client, provider, row,
  /v1/usage and journal are held against each other. Seconds here, CHAOS_MINUTES=10 for ten minutes each.

  Scenario Outline: <what>
    When turns flow under "<what>"
    Then the books of clients, providers, shim and tracker are equal
    And no turn is lost and none is there twice
    And every sum was sound at every moment
    And the lanes are usable again
    And memory is bounded and nobody left unasked

    Examples:
      | what         |
      | 429-storm    |
      | overload     |
      | truncation   |
      | slow-network |
      | clock-skew   |
      | disk-full    |
      | kills        |

  Scenario Outline: The clock of <whose> jumps by minutes, hours and days, and back
    When turns flow under "clock-jump" of <whose>
    Then its clock has jumped at least 10 times
    And the books of clients, providers, shim and tracker are equal
    And no turn is lost and none is there twice
    And every sum was sound at every moment
    And the lanes are usable again
    And memory is bounded and nobody left unasked

    Examples:
      | whose    |
      | the shim |
      | both     |
