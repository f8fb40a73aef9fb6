Feature: What windows built, and what is left of it

  Scenario: Lines still there after 14 days are the quality of a window
    Given a commit "xfeat::login::W0-01::BUILD" 40 days ago that leaves 10 lines in "login.txt"
    And a commit "xproto::mock::W0-01::MOCK" 39 days ago that leaves 50 lines in "mock.txt"
    And a commit "fix" 35 days ago that leaves 8 lines in "login.txt"
    When I run "tracker churn" on the repository
    Then it exits with 0
    And "churn.jsonl" tells of "W0-01" a quality of 0.8
    When I run "tracker churn" on the repository
    Then it prints "0 rows added to churn.jsonl, 1 known"
    And "churn.jsonl" holds 1 row of kind "churn"

  Scenario: Young lines are maturing, not sound
    Given a commit "xfeat::login::W0-01::BUILD" 3 days ago that leaves 10 lines in "login.txt"
    When I run "tracker churn" on the repository
    Then it prints "maturing"
    And "churn.jsonl" tells of "W0-01" no quality

  Scenario: A history without tags
    Given a commit "fix" 3 days ago that leaves 10 lines in "login.txt"
    When I run "tracker churn" on the repository
    Then it exits with 30
    And it complains "xfeat::<Feature>::<Window>::<Stage>"
